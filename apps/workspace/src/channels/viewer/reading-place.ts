import type { Kept } from '@parley/look'

const keyOf = (channel: string): string => `parley.place.${channel}`

/** Where the reader was in a channel when the page was left: an offset; undefined: at the newest message. */
export function placeIn(kept: Kept, channel: string): number | undefined {
  const place = kept.read(keyOf(channel))
  return Number.isSafeInteger(place) ? (place as number) : undefined
}

/** Remembers the place; undefined: at the newest message. */
export function keepPlace(kept: Kept, channel: string, offset: number | undefined): void {
  if (offset === undefined) kept.remove(keyOf(channel))
  else kept.write(keyOf(channel), offset)
}
