import type { Position } from '@parley/protocol'

/** Where a listener stands in its channels. */
export type Positions = Map<string, Position>

/** Positions as an event id: `chat%3Ageneral=b1f09c.41&news%3Aall=77aa.9`. Browsers and curl hand it back as it is. */
export function eventIdOf(positions: Positions): string {
  return [...positions]
    .map(
      ([channel, { epoch, offset }]) =>
        `${encodeURIComponent(channel)}=${encodeURIComponent(epoch)}.${offset}`,
    )
    .join('&')
}

/** The positions in an event id. What is no position is left out: the channel is then listened to from its head. */
export function positionsOf(eventId: string): Positions {
  const positions: Positions = new Map()
  for (const [channel, text] of new URLSearchParams(eventId)) {
    const dot = text.lastIndexOf('.')
    const offset = Number(text.slice(dot + 1))
    if (dot > 0 && dot <= 64 && Number.isSafeInteger(offset) && offset >= 0)
      positions.set(channel, { epoch: text.slice(0, dot), offset })
  }
  return positions
}
