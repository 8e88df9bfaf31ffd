import type { ChannelEvent, EventsFrame } from './frames.ts'

/**
 * Turns an `events` frame into events, filling in what the wire leaves out: an absent `offset` is one more than that
 * of the event before (the first: than `prev`), an absent `at` is that of the event before (the first: of the frame),
 * an absent `id` is `<epoch>-<offset>` with the epoch of the subscription.
 */
export function expandEvents(frame: EventsFrame, epoch: string): ChannelEvent[] {
  let { prev: offset, at } = frame
  return frame.events.map((event) => {
    offset = event.offset ?? offset + 1
    at = event.at ?? at
    return { ...event, id: event.id ?? `${epoch}-${offset}`, channel: frame.channel, offset, at }
  })
}
