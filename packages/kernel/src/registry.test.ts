import { command, defineContract, event, type Schema } from '@parley/protocol'
import { expect, test } from 'vitest'
import { implement, type Module } from './module.ts'
import { Registry } from './registry.ts'

const anything: Schema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
const base = { summary: 'Does it.', input: anything, output: anything, permission: 'anyone' } as const

function module(
  name: string,
  parts: {
    rest?: `POST /${string}` | `GET /${string}`
    events?: string[]
    handler?: boolean
    states?: string[]
  } = {},
): Module {
  const { rest = `POST /${name}/{id}`, events = [], handler = true, states = [] } = parts
  const contract = defineContract({
    name,
    summary: name,
    commands: { run: command({ ...base, rest }) },
    events: Object.fromEntries(events.map((type) => [type, event('It happened.', anything)])),
    states: Object.fromEntries(states.map((state) => [state, { summary: 'It is.', value: anything }])),
  })
  const handlers = (handler ? { run: () => undefined } : {}) as never
  return implement(contract, { handlers })
}

test('knows what all modules offer, by name', () => {
  const registry = new Registry([module('a', { events: ['a.happened'] }), module('b'), module('c')])
  expect(registry.commands().map(({ name }) => name)).toEqual(['a.run', 'b.run', 'c.run'])
  expect(registry.command('b.run')).toMatchObject({ name: 'b.run', module: 'b' })
  expect(registry.events()).toMatchObject([{ type: 'a.happened', module: 'a' }])
  for (const name of ['a.walk', 'toString', '__proto__', ''])
    expect(() => registry.command(name)).toThrow(expect.objectContaining({ code: 'unknown_command' }))
})

test('knows which entries of keyed state modules keep', () => {
  const registry = new Registry([module('a', { states: ['badge', 'a.mood'] }), module('b')])
  expect(registry.state('a.mood')).toMatchObject({ name: 'a.mood', module: 'a' })
  expect(registry.state('mood')).toBeUndefined()
  expect(() => new Registry([module('a', { states: ['x'] }), module('b', { states: ['x'] })])).toThrow(
    /declare the state `x`/,
  )
  for (const name of ['', 'a|b', '~a', 'A', 'x'.repeat(65)])
    expect(() => new Registry([module('a', { states: [name] })])).toThrow(RangeError)
})

test('refuses what two modules claim, and a command without a handler', () => {
  expect(() => new Registry([module('a'), module('a', { rest: 'POST /other' })])).toThrow(
    /offer the command `a.run`/,
  )
  expect(
    () => new Registry([module('a', { rest: 'GET /x/{id}' }), module('b', { rest: 'GET /x/{name}' })]),
  ).toThrow(/same route: GET \/x/)
  expect(() => new Registry([module('a', { events: ['x.y'] }), module('b', { events: ['x.y'] })])).toThrow(
    /declare the event `x.y`/,
  )
  expect(() => new Registry([module('a', { handler: false })])).toThrow(/no handler for `run`/)
})
