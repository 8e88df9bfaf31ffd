import type { Relay } from '@parley/kernel'
import type { OpeningRequest } from './engine-session.ts'
import type { Dress } from './event-packets.ts'
import type { WireSocket } from './wire-socket.ts'

/** A client that wants to enter a namespace. */
export interface EntryRequest {
  readonly namespace: string
  /** What the client gives with its wish, as it is. */
  readonly auth: Readonly<Record<string, unknown>>
  readonly opening: OpeningRequest
}

/** What is said of a namespace before anybody enters it. */
export interface Entry {
  /** Credentials for the node; without them the node refuses. */
  readonly token: string | undefined
  readonly dress: Dress
  /** Channels that the socket of this id is in from the start. */
  channels(socket: string): readonly string[]
  /**
   * Looks at the socket at the door. Whoever it answers is told of all that follows.
   *
   * @throws Error to refuse: its message, and its `data`, are told to the client
   */
  admit(socket: WireSocket): Promise<SocketListener>
}

/** Why a socket was disconnected, in the words of Socket.IO. */
export type DisconnectReason =
  | 'transport close'
  | 'transport error'
  | 'ping timeout'
  | 'parse error'
  | 'forced close'
  | 'server shutting down'
  | 'client namespace disconnect'
  | 'server namespace disconnect'

export interface SocketListener {
  /** The client has been told that it is connected. */
  opened(): void
  /** An event, its name first; `answer` when the client waits for one. */
  event(args: readonly unknown[], answer: ((args: readonly unknown[]) => void) | undefined): void
  /** The client answers an event that was sent with this number. */
  acked(id: number, args: readonly unknown[]): void
  /** A frame of the node about something else than events. */
  frame(frame: { readonly op: string }): void
  closed(reason: DisconnectReason): void
  /** What is to be kept for a socket that comes back; JSON. */
  keptData(): unknown
  /** Whether an event that is meant for some rooms is meant for this socket. */
  isMeant(to: readonly string[] | undefined, except: readonly string[] | undefined): boolean
  /** An event that wants an ack is about to be sent. Answers the number to send it under, if any. */
  expectAck(ack: { readonly node: string; readonly id: number }): number | undefined
}

/** What clients find behind the wire. */
export interface SocketIoApplication {
  /** The transport has started. */
  started?(relay: Relay | undefined): void
  /** Whether clients may speak the protocol of Parley in a namespace, frame by frame. Default: no. */
  takesFrames?(namespace: string): boolean
  /** Answers what the application of another node asks. */
  asked?(question: string): Promise<string>
  /** @throws Error when there is no such namespace, or the client may not enter it */
  enter(request: EntryRequest): Entry | Promise<Entry>
}
