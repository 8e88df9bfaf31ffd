import { describe, expect, test } from 'vitest'
import type { Lease } from '../ports/lease.ts'
import { checkLease } from '../testing/check-lease.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { memoryLease } from './lease.ts'

const open = async (around: (lease: Lease) => Lease = (lease) => lease) => {
  const clock = new VirtualClock()
  const lease = around(memoryLease({ clock }))
  const leases = [lease, lease] as const
  return { leases, pass: (ms: number) => clock.advance(ms), close: async () => undefined }
}

describe('leases in memory', () => checkLease(test, open))

describe('the checks notice', () => {
  const defects: Record<string, readonly [plant: (lease: Lease) => Partial<Lease>, noticedBy: string]> = {
    'numbers that begin anew': [
      (lease) => ({ take: async (...wanted) => (await lease.take(...wanted)) && 1 }),
      'it ends by itself, and the next number is higher',
    ],
    'holders that nobody looks at': [
      (lease) => ({ take: (name, _holder, ttlMs) => lease.take(name, 'a', ttlMs) }),
      'a name has one holder at a time',
    ],
    'leases without an end': [
      (lease) => ({ take: (name, holder) => lease.take(name, holder, 1e9) }),
      'it ends by itself, and the next number is higher',
    ],
    'a release by anybody': [
      (lease) => ({
        release: async (name) => {
          for (const holder of ['a', 'b']) await lease.release(name, holder)
        },
      }),
      'it can be given back, by its holder alone',
    ],
  }

  test.each(Object.entries(defects))('%s', async (_defect, [plant, noticedBy]) => {
    const checks: (readonly [string, () => Promise<void>])[] = []
    const planted = (sound: Lease) => ({ ...sound, ...plant(sound) })
    checkLease(
      (name, run) => checks.push([name, run]),
      () => open(planted),
    )
    const failed: string[] = []
    for (const [name, run] of checks) await run().catch(() => failed.push(name))
    expect(failed).toContain(noticedBy)
  })
})
