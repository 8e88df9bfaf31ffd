import { expect, test } from 'vitest'
import { deriveEpoch } from './epoch.ts'

test('an epoch follows from seed, app, channel and incarnation alone', () => {
  expect(deriveEpoch('seed', 'acme', 'room:a')).toBe(deriveEpoch('seed', 'acme', 'room:a', 0))
  expect(deriveEpoch('seed', 'acme', 'room:a')).toMatch(/^[0-9a-f]{16}$/)
  const epochs = [
    deriveEpoch('seed', 'acme', 'room:a'),
    deriveEpoch('seeds', 'acme', 'room:a'),
    deriveEpoch('seed', 'acm', 'eroom:a'),
    deriveEpoch('seed', 'acme', 'room:b'),
    deriveEpoch('seed', 'acme', 'room:a', 1),
    deriveEpoch('seed', 'acme', 'room:ä'),
    deriveEpoch('seed', 'acme', 'room:a\u0000'),
  ]
  expect(new Set(epochs).size).toBe(epochs.length)
})

test('thirty thousand neighbours have epochs of their own, spread evenly', () => {
  const epochs = new Set<string>()
  const counts = new Array<number>(16).fill(0)
  for (let index = 0; index < 30_000; index++) {
    const epoch = deriveEpoch('seed', 'acme', `room:${index}`)
    epochs.add(epoch)
    const digit = Number.parseInt(epoch[index % 16] as string, 16)
    counts[digit] = (counts[digit] as number) + 1
  }
  expect(epochs.size).toBe(30_000)
  for (const count of counts) expect(Math.abs(count - 1_875)).toBeLessThan(200)
})
