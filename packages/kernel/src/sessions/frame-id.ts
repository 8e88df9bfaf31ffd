import type { ClientFrame } from '@parley/protocol'

/** The number of a request; undefined for frames that are none. */
export function idOf(frame: ClientFrame): number | undefined {
  return 'id' in frame ? frame.id : undefined
}
