import type { Clock } from '../ports/clock.ts'
import type { Lease } from '../ports/lease.ts'

interface Held {
  readonly holder: string
  readonly fence: number
  /** Elapsed time. */
  readonly until: number
}

/** Leases in the memory of this process, for all nodes that are given them. */
export function memoryLease({ clock }: { readonly clock: Clock }): Lease {
  const held = new Map<string, Held>()
  let lastFence = 0
  return {
    async take(name, holder, ttlMs) {
      const now = clock.elapsed()
      const current = held.get(name)
      const isTaken = current !== undefined && current.until > now
      if (isTaken && current.holder !== holder) return undefined
      if (!isTaken) lastFence += 1
      const fence = isTaken ? current.fence : lastFence
      held.set(name, { holder, fence, until: now + ttlMs })
      return fence
    },
    async release(name, holder) {
      if (held.get(name)?.holder === holder) held.delete(name)
    },
  }
}
