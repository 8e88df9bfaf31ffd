import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NodeMessage } from '../ports/broker.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { IncomingLink, OutgoingLink, type Told } from './peer-link.ts'

/** When copies of a message arrive, in ms; none: it is lost. */
type Travel = () => readonly number[]

/** One node that tells numbers, and one that is told them. */
function link(clock: VirtualClock, travel: { now: Travel }) {
  const told: unknown[] = []
  const queue: Told[] = []
  let links = 1
  let begins = 0
  const carry = (deliver: (message: NodeMessage) => void) => (message: NodeMessage) => {
    for (const delayMs of travel.now()) clock.after(delayMs, () => deliver(structuredClone(message)))
  }
  const outgoing = new OutgoingLink(
    {
      send: carry((message) => incoming.receive(message)),
      next: () => queue.shift(),
      elapsed: () => clock.elapsed(),
    },
    links,
  )
  const back = carry((message) => {
    const { type, link, seq } = message as { type: string; link: number; seq: number }
    if (type === 'heard') outgoing.confirmed(link, seq)
    else if (link === outgoing.link) outgoing.restart(++links)
  })
  const listen = () =>
    new IncomingLink(
      back,
      () => {
        begins += 1
      },
      ({ n }) => void told.push(n),
    )
  let incoming = listen()
  const beat = () => {
    outgoing.resend()
    clock.after(100, beat)
  }
  beat()
  return {
    told,
    tell(...ns: readonly number[]) {
      for (const n of ns) queue.push({ k: 'n', n })
      outgoing.flush()
    },
    /** The other node has forgotten everything. */
    forget() {
      incoming = listen()
    },
    begins: () => begins,
    inFlight: () => queue.length,
  }
}

describe('a link between two nodes', () => {
  test('hands everything over once and in order, however messages travel', async () => {
    const way = fc.array(fc.array(fc.nat(1_500), { maxLength: 3 }), { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(way, fc.array(fc.nat(300), { maxLength: 30 }), async (copies, pauses) => {
        const clock = new VirtualClock()
        let count = 0
        const travel: { now: Travel } = { now: () => copies[count++ % copies.length] ?? [] }
        const t = link(clock, travel)
        let n = 0
        for (const pause of pauses) {
          t.tell(++n, ++n)
          await clock.advance(pause)
        }
        travel.now = () => [1]
        await clock.advance(6_000)
        expect(t.told).toEqual(Array.from({ length: n }, (_, index) => index + 1))
        expect(t.begins()).toBeLessThanOrEqual(1)
      }),
      { numRuns: 60 },
    )
  })

  test('sends only so much that is not confirmed, and the rest when it is', async () => {
    const clock = new VirtualClock()
    const travel: { now: Travel } = { now: () => [] }
    const t = link(clock, travel)
    t.tell(...Array.from({ length: 2_000 }, (_, index) => index))
    await clock.advance(1_000)
    expect(t.inFlight()).toBe(2_000 - 512)
    travel.now = () => [1]
    await clock.advance(3_000)
    expect(t.told).toHaveLength(2_000)
  })

  test('begins anew when the other end has forgotten what it was told', async () => {
    const clock = new VirtualClock()
    const travel: { now: Travel } = { now: () => [1] }
    const t = link(clock, travel)
    t.tell(1, 2)
    await clock.advance(100)
    t.forget()
    t.tell(3)
    await clock.advance(100)
    expect(t.begins()).toBe(1)
    // Whoever tells begins anew as well.
    t.tell(1, 2, 3)
    await clock.advance(2_000)
    expect(t.begins()).toBe(2)
    expect(t.told).toEqual([1, 2, 1, 2, 3])
  })
})
