import { expect, test } from 'vitest'
import { VirtualClock } from '../testing/virtual-clock.ts'
import type { Told } from './peer-link.ts'
import { Relays } from './relays.ts'

/** Two nodes, `a` and `b`, between which everything arrives in order. */
function pair(answer: (transport: string, question: string) => Promise<string>) {
  const clock = new VirtualClock()
  const nodes = ['a', 'b']
  const told: Told[] = []
  const relays: Record<string, Relays> = {}
  for (const self of ['a', 'b'])
    relays[self] = new Relays({
      clock,
      answer,
      nodes: () => nodes.filter((node) => node !== self),
      say: (node, what) => {
        told.push(what)
        queueMicrotask(() => relays[node]?.take(self, what))
      },
    })
  return { clock, nodes, told, a: relays.a as Relays, b: relays.b as Relays }
}

test('a long question arrives whole, and so does a long answer', async () => {
  const asked: string[] = []
  const { a, told } = pair(async (transport, question) => {
    asked.push(`${transport} ${question}`)
    return question.toUpperCase()
  })
  const question = 'abcdefghij'.repeat(5_000)
  await expect(a.ask('http', 'b', question, 1_000)).resolves.toBe(question.toUpperCase())
  await expect(a.ask('http', 'b', '', 1_000)).resolves.toBe('')
  expect(asked).toEqual([`http ${question}`, 'http '])
  expect(Math.max(...told.map((one) => String(one.text).length))).toBeLessThanOrEqual(16_384)
})

test('nobody waits for a node that is not there, leaves, or says nothing', async () => {
  const { a, clock, nodes } = pair(() => new Promise(() => undefined))
  await expect(a.ask('http', 'c', 'x', 1_000)).rejects.toMatchObject({ code: 'disconnected' })
  const slow = expect(a.ask('http', 'b', 'x', 1_000)).rejects.toMatchObject({ code: 'unavailable' })
  await clock.advance(1_000)
  await slow
  const left = expect(a.ask('http', 'b', 'x', 1_000)).rejects.toMatchObject({ code: 'disconnected' })
  nodes.pop()
  a.left('b')
  await left
})

test('an answer that fails is none', async () => {
  const { a, clock } = pair(() => Promise.reject(new Error('inside')))
  const asked = expect(a.ask('http', 'b', 'x', 500)).rejects.toMatchObject({ code: 'unavailable' })
  await clock.advance(500)
  await asked
})
