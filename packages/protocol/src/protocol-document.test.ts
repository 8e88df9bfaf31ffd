import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { closeCodes, closeVerdict } from './close-codes.ts'
import { errorStatus } from './error-status.ts'
import { errorRegistry } from './errors.ts'
import { compileFilter } from './filter.ts'
import { decodeClientMessage, decodeServerMessage, maxFramesPerMessage, maxJsonDepth } from './json-codec.ts'

/** The document is a promise to people who write clients from it alone: what it lists is what the code has. */
const text = readFileSync(new URL('../PROTOCOL.md', import.meta.url), 'utf8')

/** The rows of a table between two marks, without its head. */
function rowsOf(name: string): string[][] {
  const body = new RegExp(`<!-- ${name}:begin -->\\n(.*?)\\n<!-- ${name}:end -->`, 's').exec(text)?.[1] ?? ''
  const lines = body.trim().split('\n').slice(2)
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

/** The examples fenced as `jsonl client`, `jsonl server` or `jsonl filter`. */
function examples(kind: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`jsonl ${kind}\\n(.*?)\\n\`\`\``, 'gs'))].map(
    ([, body]) => body ?? '',
  )
}

test('the table of errors is the registry', () => {
  const rows = Object.entries(errorRegistry).map(([code, { retry, summary }]) => [
    `\`${code}\``,
    `${errorStatus(code)}`,
    retry,
    summary,
  ])
  expect(rowsOf('errors')).toEqual(rows)
})

test('the table of close codes is the list in use', () => {
  const rows = Object.entries(closeCodes).map(([name, code]) => [
    `${code}`,
    `\`${name}\``,
    closeVerdict(code),
  ])
  expect(rowsOf('close-codes')).toEqual(rows)
})

test('its client frames are taken by a server', () => {
  const found = examples('client')
  const ops = new Set<string>()
  for (const example of found)
    for (const decoded of decodeClientMessage(example)) {
      expect(decoded, example).toHaveProperty('frame')
      if ('frame' in decoded) ops.add(decoded.frame.op)
    }
  expect([...ops].sort()).toEqual([
    'call',
    'chunk',
    'connect',
    'ping',
    'refresh',
    'set',
    'state',
    'subscribe',
    'unsubscribe',
  ])
})

test('its server frames are taken by a client', () => {
  const frames = examples('server').flatMap((example) => {
    const taken = decodeServerMessage(example)
    expect(taken.length, example).toBe(example.split('\n').length)
    return taken
  })
  const ops = new Set(frames.map(({ op }) => op))
  expect([...ops].sort()).toEqual([
    'dropped',
    'error',
    'events',
    'expiring',
    'goaway',
    'occupancy',
    'reply',
    'state',
    'subscribed',
    'unsubscribed',
  ])
})

test('its filter is one', () => {
  expect(examples('filter')).toHaveLength(1)
  expect(compileFilter(JSON.parse(examples('filter')[0] ?? ''))).toBeTypeOf('object')
})

test('its limits are those of the codec', () => {
  expect(text).toMatch(new RegExp(`\\| Frames in a message +\\| ${maxFramesPerMessage} `))
  expect(text).toMatch(new RegExp(`\\| Nesting of a frame +\\| ${maxJsonDepth} levels `))
})

test('its references lead somewhere', () => {
  const sections = new Set([...text.matchAll(/^##+ (\d+(?:\.\d+)?)/gm)].map(([, number]) => number))
  const references = [...text.matchAll(/§(\d+(?:\.\d+)?)/g)].map(([, number]) => number)
  expect(references.length).toBeGreaterThan(20)
  for (const number of references) expect(sections, `§${number}`).toContain(number)
})
