import { Buffer } from 'node:buffer'
import type { OutgoingFrame } from '@parley/kernel'
import type { EventsFrame } from '@parley/protocol'
import { textFrame } from '../websocket/server-frame.ts'
import { encodeMessage } from './messages.ts'
import { kindNames, pusherNameOf } from './names.ts'

/** A tag with the id of the socket that is not to get the event, as it sent it. */
export const exceptTag = 'pusher-except'
/** Type of the event by which all connections of a user are ended. */
export const terminated = 'pusher.terminated'

/** An event as its subscribers get it. */
export interface EventMessage {
  readonly offset: number
  readonly type: string
  readonly frame: OutgoingFrame
  readonly except: string | undefined
}

type WireEvent = EventsFrame['events'][number]

/** The events of a batch as messages of Pusher: made once for all subscribers of the channel. */
export class EventBatch {
  readonly channel: string
  readonly epoch: string | undefined
  readonly position: number
  readonly events: readonly EventMessage[]
  /** Sockets that are not to get all of it. */
  readonly #exceptions: ReadonlySet<string> | undefined
  #joined: OutgoingFrame | undefined

  constructor({ channel, epoch, prev, position, events }: EventsFrame, name = pusherNameOf(channel)) {
    this.channel = channel
    this.epoch = epoch
    this.position = position
    let offset = prev
    this.events = events.flatMap((event) => {
      offset = event.offset ?? offset + 1
      return isMeant(event) ? [messageOf(event, { channel, name, offset })] : []
    })
    const exceptions = this.events.flatMap(({ except }) => (except === undefined ? [] : [except]))
    if (exceptions.length > 0) this.#exceptions = new Set(exceptions)
  }

  /** Whether a socket gets all events. */
  isWholeFor(socket: string): boolean {
    return this.#exceptions === undefined || !this.#exceptions.has(socket)
  }

  /** All of them, to be written at once. */
  get joined(): OutgoingFrame {
    if (this.events.length === 1) return (this.events[0] as EventMessage).frame
    this.#joined ??= joinFrames(this.events.map(({ frame }) => frame))
    return this.#joined
  }
}

// What a module says about a channel is not for clients that do not know it.
function isMeant({ type, redacted }: WireEvent): boolean {
  return redacted !== true && !type.startsWith('channels.')
}

function messageOf(
  event: WireEvent,
  { channel, name, offset }: { readonly channel: string; readonly name: string; readonly offset: number },
): EventMessage {
  const { type, data, by, tags } = event
  const isFromMember =
    by !== undefined && type.startsWith('client-') && channel.startsWith(`${kindNames.presence}:`)
  const text = encodeMessage(type, data, { channel: name, ...(isFromMember ? { user_id: by } : {}) })
  return { offset, type, frame: { text, cache: textFrame(text) }, except: tags?.[exceptTag] }
}

/** Several messages whose bytes go out as one piece. */
export function joinFrames(frames: readonly OutgoingFrame[]): OutgoingFrame {
  return { text: '', cache: Buffer.concat(frames.map(({ text, cache }) => cache ?? textFrame(text))) }
}

/** Keeps the newest batch: the members of a channel are written to one after the other. */
export class Batches {
  #text = ''
  #batch: EventBatch | undefined

  of(text: string, nameOf: (channel: string) => string): EventBatch {
    if (text !== this.#text || this.#batch === undefined) {
      const frame = JSON.parse(text) as EventsFrame
      this.#text = text
      this.#batch = new EventBatch(frame, nameOf(frame.channel))
    }
    return this.#batch
  }
}
