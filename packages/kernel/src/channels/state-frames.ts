import type { OutgoingFrame } from '../ports/transport.ts'
import type { Channel } from './channel.ts'
import type { StateStep } from './keyed-state.ts'
import { quote, utf8Length } from './wire-text.ts'

/** Changes of keyed state after which a difference is made at once: the map remembers at least twice as many. */
export const maxUnflushed = 4_096

/** A part of a difference: it follows version `prev` and leads to `version`. */
export interface StateCut {
  readonly prev: number
  readonly version: number
  readonly frame: OutgoingFrame
}

/**
 * The difference from a version up to what was flushed, cut into frames of at most `maxBytes` that follow each other.
 * When it is no longer known, an empty one that begins at its end: the client sees that it does not follow from its own
 * version and asks for a snapshot.
 */
export function stateFrames(channel: Channel, from: number, maxBytes: number): readonly StateCut[] {
  const { state, flushedState: to } = channel
  if (from === to) return []
  const steps = from < to ? state.changes(from, to) : undefined
  if (steps === undefined) return [cutOf(channel, { prev: to, version: to, steps: [] })]
  const cuts: StateCut[] = []
  let prev = from
  let part: StateStep[] = []
  let bytes = overhead
  for (const step of steps) {
    const size = sizeOf(step)
    if (part.length > 0 && bytes + size > maxBytes) {
      const version = (part.at(-1) as StateStep).version
      cuts.push(cutOf(channel, { prev, version, steps: part }))
      prev = version
      part = []
      bytes = overhead
    }
    part.push(step)
    bytes += size
  }
  cuts.push(cutOf(channel, { prev, version: to, steps: part }))
  return cuts
}

/**
 * The first part of the difference that a member is to get who has version `from`; undefined when it is up to date.
 * Many who are behind in the same place get the same frames.
 */
export function nextCut(channel: Channel, from: number, maxBytes: number): StateCut | undefined {
  if (from === channel.flushedState) return undefined
  const made = channel.stateCuts.find((cut) => cut.prev === from)
  if (made !== undefined) return made
  channel.stateCuts = stateFrames(channel, from, maxBytes)
  return channel.stateCuts[0]
}

/** What stands around the changes of a frame, channel names of 200 characters included. */
const overhead = 400

function sizeOf({ key, text }: StateStep): number {
  return utf8Length(text ?? quote(key)) + 1
}

function cutOf(
  channel: Channel,
  part: { readonly prev: number; readonly version: number; readonly steps: readonly StateStep[] },
): StateCut {
  const { prev, version, steps } = part
  const set: string[] = []
  const removed: string[] = []
  for (const { key, text } of steps) {
    if (text === undefined) removed.push(quote(key))
    else set.push(text)
  }
  const place = `"instance":${quote(channel.state.instance)},"prev":${prev},"version":${version}`
  const changes = `"set":[${set.join(',')}],"removed":[${removed.join(',')}]`
  return {
    prev,
    version,
    frame: { text: `{"op":"state","channel":${channel.nameText},${place},${changes}}` },
  }
}
