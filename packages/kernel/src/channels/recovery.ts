import type { Position, UnrecoveredReason } from '@parley/protocol'

/** What a verdict rests on. */
export interface StreamView {
  readonly epoch: string
  readonly head: number
  /** Lowest offset that can still be read. */
  readonly available: number
  readonly isStored: boolean
}

export type Verdict =
  | { readonly recovered: true }
  | { readonly recovered: false; readonly reason: UnrecoveredReason }

/**
 * Whether a client that stands at `from` can be brought up to date without loss. Never partial: either every event
 * after its position can be read, or the client is told to load a snapshot. A client at the head needs no stored event.
 */
export function recoveryVerdict(from: Position, stream: StreamView): Verdict {
  if (!stream.isStored) return { recovered: false, reason: 'not_stored' }
  if (from.epoch !== stream.epoch) return { recovered: false, reason: 'epoch_changed' }
  if (from.offset > stream.head) return { recovered: false, reason: 'position_ahead' }
  if (from.offset < stream.head && from.offset + 1 < stream.available)
    return { recovered: false, reason: 'position_expired' }
  return { recovered: true }
}
