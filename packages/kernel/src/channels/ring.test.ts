import { describe, expect, test } from 'vitest'
import type { StoredEvent } from '../ports/event-log.ts'
import { Ring } from './ring.ts'
import { encodeEvent } from './wire-text.ts'

const event = (offset: number, data = '1'): StoredEvent => ({ offset, type: 't', data, at: 1 })
const offsets = (entries: readonly { readonly stored: StoredEvent }[] | undefined) =>
  entries?.map(({ stored }) => stored.offset)

describe('a ring', () => {
  test('keeps the newest by number and bytes, at least one, and finds any offset at once', () => {
    const ring = new Ring(4, 10_000)
    for (let offset = 5; offset <= 300; offset++) ring.push(encodeEvent(event(offset)))
    expect([ring.length, ring.first]).toEqual([4, 297])
    expect(offsets(ring.slice(298, 299, 10_000))).toEqual([298, 299])
    expect(offsets(ring.slice(297, 999, 1))).toEqual([297])
    expect(offsets(ring.slice(301, 999, 10_000))).toEqual([])
    expect(ring.slice(296, 999, 10_000)).toBeUndefined()
    ring.push(encodeEvent(event(301, `"${'x'.repeat(20_000)}"`)))
    expect([ring.length, ring.first]).toEqual([1, 301])
    ring.clear()
    expect(ring.slice(301, 999, 1)).toBeUndefined()
  })

  test('lets go of what lies below an offset, and takes tombstones in place', () => {
    const ring = new Ring(10, 10_000)
    for (let offset = 1; offset <= 5; offset++) ring.push(encodeEvent(event(offset)))
    ring.dropBelow(3)
    ring.dropBelow(1)
    expect(ring.first).toBe(3)
    for (const offset of [1, 4, 9]) ring.redact(offset)
    expect(ring.slice(3, 9, 10_000)?.map(({ stored }) => stored.redacted)).toEqual([
      undefined,
      true,
      undefined,
    ])
    ring.dropBelow(99)
    expect([ring.length, ring.first]).toEqual([0, undefined])
    ring.redact(4)
    expect(ring.length).toBe(0)
  })
})
