import type { OutgoingFrame } from '@parley/kernel'
import {
  type ChannelEvent,
  decodeServerMessage,
  type EventsFrame,
  expandEvents,
  type ServerFrame,
} from '@parley/protocol'
import { dataLines, readyEvents } from './encoding.ts'
import { eventIdOf, type Positions } from './positions.ts'

/** What frames are as server-sent events. A frame goes to many listeners in a row: it is looked at once. */
export class Translation {
  readonly encoding = readyEvents()
  #message: OutgoingFrame | undefined
  #frames: readonly ServerFrame[] = []
  #events: { readonly epoch: string; readonly frame: OutgoingFrame } | undefined

  framesOf(message: OutgoingFrame): readonly ServerFrame[] {
    if (message !== this.#message) {
      this.#message = message
      this.#frames = decodeServerMessage(message.text)
      this.#events = undefined
    }
    return this.#frames
  }

  /** The whole of a batch, for those who listen to its channel alone. */
  eventsOf(message: OutgoingFrame, frame: EventsFrame, epoch: string): OutgoingFrame {
    if (message === this.#message && this.#events?.epoch === epoch) return this.#events.frame
    const events = expandEvents(frame, epoch)
    const at = (offset: number): Positions => new Map([[frame.channel, { epoch, offset }]])
    const texts = events.map((event) => eventText(event, at(event.offset)))
    const made = { text: texts.join('') + restText(frame, events, at(frame.position)) }
    if (message === this.#message) this.#events = { epoch, frame: made }
    return made
  }
}

/** An event as it stands in a stream; its id says where the listener stands with it. */
export function eventText(event: ChannelEvent, positions: Positions): string {
  return `id: ${eventIdOf(positions)}\n${dataLines(JSON.stringify(event))}\n`
}

/** An id without data, where a batch ends behind its last event: it moves the position on and shows nothing (§9.2.6). */
export function restText(frame: EventsFrame, events: readonly ChannelEvent[], positions: Positions): string {
  return frame.position > (events.at(-1)?.offset ?? 0) ? `id: ${eventIdOf(positions)}\n\n` : ''
}
