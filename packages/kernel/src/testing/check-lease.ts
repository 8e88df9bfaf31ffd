import type { Lease } from '../ports/lease.ts'
import { equal, ok } from './conformance/assert.ts'
import { type Cases, type DefineTest, defineCases, range } from './conformance/suite.ts'

/** Leases under test. */
export interface LeaseSubject {
  /** Several ways to the same leases, as several nodes have them. */
  readonly leases: readonly [Lease, Lease]
  /** Lets time pass: the clock's, or real time. */
  readonly pass: (ms: number) => Promise<void>
  readonly close: () => Promise<void>
}

/** Long enough that no test is slower. */
const longMs = 60_000
const shortMs = 300

/** Defines a test for each guarantee of the port `Lease`. `open` gives leases that nobody holds. */
export function checkLease(test: DefineTest, open: () => Promise<LeaseSubject>): void {
  defineCases(test, open, cases)
}

const cases: Cases<LeaseSubject> = {
  async 'a name has one holder at a time'({ leases: [one, two] }) {
    const fence = await one.take('fold', 'a', longMs)
    ok(fence !== undefined && fence >= 1, 'the first who asks gets it, with a number')
    equal(await two.take('fold', 'b', longMs), undefined, 'another one does not')
    ok((await two.take('other', 'b', longMs)) !== undefined, 'another name is free')
  },

  async 'of many who ask at once, one gets it'({ leases }) {
    const asked = range(1, 40).map((n) => (leases[n % 2] as Lease).take('fold', `holder-${n}`, longMs))
    const got = (await Promise.all(asked)).filter((fence) => fence !== undefined)
    equal(got.length, 1, 'one of them')
  },

  async 'the holder prolongs it and keeps its number'({ leases: [one, two], pass }) {
    const fence = await one.take('fold', 'a', shortMs)
    for (const _ of range(1, 4)) {
      await pass(shortMs / 2)
      equal(await one.take('fold', 'a', shortMs), fence, 'it is the same')
      equal(await two.take('fold', 'b', shortMs), undefined, 'and nobody else gets it')
    }
  },

  async 'it ends by itself, and the next number is higher'({ leases: [one, two], pass }) {
    const first = (await one.take('fold', 'a', shortMs)) as number
    await pass(2 * shortMs)
    const second = (await two.take('fold', 'b', shortMs)) as number
    ok(second > first, `the next holder has a higher number (${first}, then ${second})`)
    equal(await one.take('fold', 'a', shortMs), undefined, 'the one before has lost it')
    await pass(2 * shortMs)
    const third = (await two.take('fold', 'b', shortMs)) as number
    ok(third > second, 'a holder who comes too late has a new number too')
  },

  async 'it can be given back, by its holder alone'({ leases: [one, two] }) {
    const first = (await one.take('fold', 'a', longMs)) as number
    await two.release('fold', 'b')
    equal(await two.take('fold', 'b', longMs), undefined, 'another one cannot give it back')
    await one.release('fold', 'a')
    await one.release('fold', 'a')
    const second = (await two.take('fold', 'b', longMs)) as number
    ok(second > first, 'it is free at once, and the number is higher')
  },
}
