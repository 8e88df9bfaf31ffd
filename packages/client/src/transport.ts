/** What a transport tells about one link. Calls never overlap; none comes before `open` returned or after `closed`. */
export interface LinkHandlers {
  /** The link can carry messages. Called once, before any `received`. */
  opened(): void
  /** A message: one frame, or several separated by line feeds. */
  received(text: string): void
  /** The link is gone, or never came to be. Called once, unless the client closed it. */
  closed(code: number, reason: string): void
}

/** One attempt to reach the server and, once opened, the way to talk to it. */
export interface Link {
  /** Bytes accepted and not yet on the network. */
  readonly bufferedBytes: number
  /** Messages arrive in the order of the calls. Never throws; does nothing on a link that is not open. */
  send(text: string): void
  /** Gives the link up; no handler is called afterwards. */
  close(code: number, reason: string): void
}

/** A way to reach a server: WebSocket in browsers and Node, memory in simulations. */
export interface ClientTransport {
  readonly name: string
  /** Starts to connect. Never throws: what goes wrong is told by `closed`. */
  open(url: string, handlers: LinkHandlers): Link
}
