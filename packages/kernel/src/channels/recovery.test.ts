import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { recoveryVerdict, type StreamView } from './recovery.ts'

const view: StreamView = { epoch: 'e', head: 10, available: 4, isStored: true }
const at = (offset: number, epoch = 'e') => ({ epoch, offset })

describe('a client that comes back', () => {
  test.each([
    ['to the head', at(10), view, true],
    ['to the event before the first that is held', at(3), view, true],
    ['behind what is held', at(2), view, 'position_expired'],
    ['ahead of the stream', at(11), view, 'position_ahead'],
    ['with a position of another stream', at(10, 'old'), view, 'epoch_changed'],
    ['to a channel without a log', at(10), { ...view, isStored: false }, 'not_stored'],
    ['to the head, with nothing held', at(10), { ...view, available: 11 }, true],
    ['to a stream that never had an event', at(0), { ...view, head: 0, available: 1 }, true],
    ['one behind the head, with nothing held', at(9), { ...view, available: 11 }, 'position_expired'],
  ])('%s', (_where, from, stream, verdict) => {
    expect(recoveryVerdict(from, stream)).toEqual(
      verdict === true ? { recovered: true } : { recovered: false, reason: verdict },
    )
  })

  test('is recovered only if every event after its position can be read', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), fc.integer({ min: 1, max: 21 }), (offset, head, available) => {
        const missed = Array.from({ length: Math.max(head - offset, 0) }, (_, index) => offset + 1 + index)
        const { recovered } = recoveryVerdict(at(offset), { ...view, head, available })
        expect(recovered).toBe(offset <= head && missed.every((needed) => needed >= available))
      }),
    )
  })
})
