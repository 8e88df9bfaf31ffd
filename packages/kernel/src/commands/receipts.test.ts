import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Durability, defineKind } from '../kind.ts'
import { limitDefaults } from '../limits.ts'
import { memoryStore } from '../memory/store.ts'
import type { StoredReceipt } from '../ports/store.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { nowhere } from './publisher.ts'
import { Receipts, readReceipt, receiptText } from './receipts.ts'
import type { CollectedEvent } from './unit-context.ts'

const kinds = {
  ephemeral: defineKind('test', 'live', { durability: 'ephemeral' }),
  recent: defineKind('test', 'feed', { durability: 'recent' }),
  durable: defineKind('test', 'chat'),
}

const collected = (durability: Durability): CollectedEvent => ({
  kind: kinds[durability],
  event: { channel: `${kinds[durability].name}:1`, type: 't', data: '1', at: 0 },
})
const position = (offset: number) => ({ epoch: 'ep', offset })
const durability = fc.constantFrom<Durability>('ephemeral', 'recent', 'durable')

describe('a receipt from the store', () => {
  test('tells the places of the durable events of its unit, each where it was', () => {
    fc.assert(
      fc.property(fc.array(durability, { maxLength: 8 }), fc.jsonValue(), (unit, output) => {
        const text = receiptText(output, unit.map(collected))
        const places = unit.map((_, index) => position(index + 1))
        const stored = places.filter((_, index) => unit[index] === 'durable')
        const read = readReceipt({ fingerprint: 'f', output: text, positions: stored })
        expect(JSON.stringify(read.output)).toBe(JSON.stringify(output))
        expect(read.positions).toEqual(
          places.map((place, index) => (unit[index] === 'durable' ? place : nowhere)),
        )
      }),
    )
  })

  test('of this node has all the places', () => {
    const unit = [collected('durable'), collected('recent')]
    const positions = [position(3), position(9)]
    const receipt = {
      fingerprint: 'f',
      output: receiptText({ done: true }, unit),
      positions,
      isWhole: true,
    } as const
    expect(readReceipt(receipt)).toEqual({ output: { done: true }, positions })
  })

  test('tells nothing of what the kernel has added to the unit', () => {
    for (const [unit, expected] of [
      [['durable'], [position(1)]],
      [
        ['durable', 'recent'],
        [position(1), nowhere],
      ],
      [['recent'], [nowhere]],
    ] as const) {
      const output = receiptText({}, unit.map(collected), true)
      const own = unit.filter((kind) => kind === 'durable').map((_, index) => position(index + 1))
      const stored = { fingerprint: 'f', output, positions: [...own, position(99)] }
      expect(readReceipt(stored).positions).toEqual(expected)
    }
  })

  test('of a command without an answer says null', () => {
    const output = receiptText(undefined, [])
    expect(readReceipt({ fingerprint: 'f', output, positions: [] })).toEqual({ output: null, positions: [] })
  })
})

describe('receipts', () => {
  const receipt = (n: number): StoredReceipt => ({ fingerprint: `${n}`, output: '{}', positions: [] })
  const open = (maxMemoryReceipts: number) => {
    const clock = new VirtualClock()
    const store = memoryStore({ clock })
    return { clock, store, receipts: new Receipts(clock, store, { ...limitDefaults, maxMemoryReceipts }) }
  }

  test('in memory are found at once, for as long as repeats are answered', async () => {
    const { clock, receipts } = open(10)
    receipts.remember('scope', receipt(1))
    await clock.advance(limitDefaults.idempotencyTtlMs - 1)
    expect(receipts.find('scope')).toMatchObject({ fingerprint: '1' })
    await clock.advance(1)
    expect(await receipts.find('scope')).toBeUndefined()
  })

  test('in the store are found there', async () => {
    const { clock, receipts, store } = open(10)
    const committed = { scope: 'scope', fingerprint: 'f', output: '{}', expiresAt: clock.now() + 1_000 }
    await store.commit({ app: 'a', assertions: [], writes: [], events: [], receipt: committed })
    expect(await receipts.find('scope')).toEqual({ fingerprint: 'f', output: '{}', positions: [] })
    expect(await receipts.find('other')).toBeUndefined()
  })

  test('in memory are bounded: the oldest go', async () => {
    const { receipts } = open(2)
    for (const n of [1, 2, 3]) receipts.remember(`scope ${n}`, receipt(n))
    expect(await receipts.find('scope 1')).toBeUndefined()
    expect(receipts.find('scope 2')).toMatchObject({ fingerprint: '2' })
    expect(receipts.find('scope 3')).toMatchObject({ fingerprint: '3' })
  })
})
