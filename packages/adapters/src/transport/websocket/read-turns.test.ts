import { Buffer } from 'node:buffer'
import { setImmediate } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { ReadTurns, type SocketReader } from './read-turns.ts'

interface Heard extends SocketReader {
  readonly what: string[]
}

/** Reads one chunk a millisecond. */
function slowReader(): Heard {
  const what: string[] = []
  return {
    what,
    received: (chunk) => {
      const until = performance.now() + 1
      while (performance.now() < until);
      what.push(chunk.toString())
    },
    ended: () => what.push('ended'),
    gone: () => what.push('gone'),
  }
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => String(index))

test('what is little is read at once', () => {
  const [turns, reader] = [new ReadTurns(), slowReader()]
  turns.received(reader, Buffer.from('a'))
  turns.ended(reader)
  turns.gone(reader)
  expect(reader.what).toEqual(['a', 'ended', 'gone'])
})

test('what is much is read over several turns, in its order, ends behind it', async () => {
  const [turns, reader, other] = [new ReadTurns(), slowReader(), slowReader()]
  for (const text of numbered(100)) turns.received(reader, Buffer.from(text))
  turns.ended(reader)
  turns.gone(reader)
  expect(reader.what.length).toBeLessThan(50)
  const before = reader.what.length
  await setImmediate()
  // To be told of so much was enough for one turn.
  expect(reader.what).toHaveLength(before)
  await setImmediate()
  expect(reader.what.length).toBeGreaterThan(before)
  expect(reader.what.length).toBeLessThan(100)
  // What comes meanwhile comes behind it.
  turns.received(other, Buffer.from('late'))
  expect(other.what).toEqual([])
  await vi.waitUntil(() => other.what.length === 1)
  expect(reader.what).toEqual([...numbered(100), 'ended', 'gone'])
})

test('what is held has a bound: above it everything is read at once', () => {
  const turns = new ReadTurns()
  const busy = slowReader()
  for (const text of numbered(16)) turns.received(busy, Buffer.from(text))
  const lengths: number[] = []
  const reader: SocketReader = { ...busy, received: ({ length }) => lengths.push(length) }
  const large = Buffer.alloc(6 * 1024 * 1024)
  for (let count = 0; count < 2; count++) turns.received(reader, large)
  expect(lengths).toEqual([])
  turns.received(reader, large)
  expect(lengths).toEqual([large.length, large.length, large.length])
})
