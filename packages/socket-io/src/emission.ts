import { type Envelope, packetTag, toJson } from '@parley/adapters/transport/socket-io'
import type { Selection } from './rooms/rooms.ts'

/** Something that is to be sent to many. */
export interface Emission extends Selection {
  readonly event: string
  readonly args: readonly unknown[]
  readonly isVolatile: boolean
  /** Only to sockets of this node. */
  readonly isLocal: boolean
}

/** An event for a channel. */
export interface RoomEvent {
  readonly channel: string
  readonly type: string
  readonly data: unknown
  readonly tags?: Readonly<Record<string, string>>
}

/** Where the channels of a selection are. */
export interface Places {
  readonly all: string
  /** Undefined for a room that has no channel: that of a single socket. */
  of(room: string): string | undefined
}

/**
 * The event that an emission is. One room is one channel. What goes to several rooms goes through the channel of the
 * namespace, once, and every socket looks whether it is meant: nobody gets it twice.
 */
export function eventOf(emission: Emission, places: Places, ack?: Envelope['ack']): RoomEvent {
  const { rooms, except, event, args } = emission
  const [room] = rooms
  const ofRoom = rooms.length === 1 ? places.of(room as string) : undefined
  const isForSome = rooms.length > 0 && ofRoom === undefined
  const channel = ofRoom ?? places.all
  const json = args.map((arg) => toJson(arg ?? null))
  const isPlain = json.length === 1 && except.length === 0 && !isForSome && ack === undefined
  if (isPlain) return { channel, type: event, data: json[0] }
  const envelope: Envelope = {
    args: json,
    ...(isForSome ? { to: rooms } : {}),
    ...(except.length > 0 ? { except } : {}),
    ...(ack === undefined ? {} : { ack }),
  }
  return { channel, type: event, data: envelope, tags: { [packetTag]: '1' } }
}
