import type { Delivery } from './filter-class.ts'

/** So many members lie far enough apart to be fetched together. */
const leastFetched = 8

/**
 * Reads what the writes to the members up to `stop` will read. Members lie all over memory, and what the operating system does
 * in a write pushes them out of the processor's cache: read in a row they come together, in the writes each is waited for.
 */
export function fetchAhead(delivery: Delivery, stop: number): void {
  const { cursor, filterClass, prev } = delivery
  if (stop - cursor < leastFetched) return
  const { members } = filterClass
  let ready = 0
  for (let index = cursor; index < stop; index++) {
    const member = members[index]
    if (member?.position === prev && !member.outbox.isBlocked) ready += 1
  }
  // Kept, as what is read for nothing is not read at all.
  filterClass.ready = ready
}
