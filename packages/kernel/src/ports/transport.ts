import type { Identity } from './authenticator.ts'

/**
 * A frame on its way to many: the text is made once, and a transport keeps its own encoding of it in `cache`, so that
 * the same bytes go to every connection.
 */
export interface OutgoingFrame {
  readonly text: string
  /** Belongs to the transport that first writes the frame; keyed by nothing, as one node rarely mixes transports. */
  cache?: Uint8Array
  /** Further encodings, each by its name: for connections that have agreed on something else. */
  variants?: Map<string, Uint8Array>
}

/** One open connection of a transport. Methods never throw; after `close` they do nothing. */
export interface Connection {
  /** Bytes accepted but not yet given to the operating system. */
  readonly bufferedBytes: number
  /** Bytes that passed in both directions, where the transport knows. */
  readonly transferredBytes?: number
  /** How long the other side may let pass between two looks, by agreement, in ms: a client that polls. Default 0. */
  readonly pauseMs?: number
  /** Sends a frame; frames arrive in the order of the calls. */
  send(frame: OutgoingFrame): void
  /** Holds small writes back until `uncork`, so that they leave as one. */
  cork(): void
  uncork(): void
  /** Reads no more until `resume`, as far as the transport can hold the other side back. */
  pause?(): void
  resume?(): void
  close(code: number, reason: string): void
}

/** What a transport tells the kernel about a connection; calls for one connection never overlap. */
export interface ConnectionHandler {
  /** A message: one frame, or several separated by line feeds. */
  receive(text: string): void
  /** `bufferedBytes` has fallen to 0 after it was above. */
  drained(): void
  /** The other side has shown, without a message, that it reads what it is sent. Not every transport can tell. */
  heard?(): void
  /**
   * Calls `run` when what was published before has been written to the connections that take it, as far as its kind keeps
   * an order (`inOrder`); at once when nothing waits. For what a transport sends beside the node's frames.
   */
  inTurn?(run: () => void): void
  /** The connection is gone. Called once. */
  closed(code: number, reason: string): void
}

/** What is known of a client before its first frame. */
export interface Handshake {
  /** Transport id: `websocket`, … */
  readonly transport: string
  readonly ip: string
  /** Credentials from the request, if there were any: checked before the connection was accepted. */
  readonly token?: string
  /**
   * Who it is, where the transport has seen to that by the rules of its own protocol: nothing else is asked then. It is
   * of an app of the node.
   */
  readonly identity?: Identity
  readonly origin?: string
  readonly userAgent?: string
}

/**
 * Accepts a connection.
 *
 * @throws ParleyError to refuse it, each to be tried again after `retryAfterMs`: `unavailable` (not ready, or
 * stopping), `overloaded` (too many connections, in all or from this address), `rate_limited` (too many new ones)
 */
export type Accept = (connection: Connection, handshake: Handshake) => ConnectionHandler

/** The way to the other nodes, for a transport whose clients may talk to any of them. */
export interface Relay {
  /** Id of this node. */
  readonly node: string
  /** Ids of the other nodes, as far as known. */
  nodes(): readonly string[]
  /**
   * Asks the same transport of another node.
   *
   * @throws ParleyError `disconnected` when there is no such node, `unavailable` when it does not answer in time
   */
  ask(node: string, question: string, withinMs: number): Promise<string>
}

/** A way for clients to reach the node. */
export interface Transport {
  readonly name: string
  /** Begins to accept. Before, attempts are refused with "not ready". Without `relay` there are no other nodes. */
  start(accept: Accept, relay?: Relay): Promise<void> | void
  /** Answers what the same transport of another node asks; what it throws is answered as nothing. */
  answer?(question: string): Promise<string>
  /** Stops accepting; open connections are closed by the kernel before. */
  stop(): Promise<void> | void
}
