import { Buffer } from 'node:buffer'
import type { ServerResponse } from 'node:http'
import { ParleyError } from '@parley/protocol'

type On = (event: string, listener: (...given: never[]) => void) => unknown

/** A WebSocket of the library `ws`, or whatever else has these parts of it. */
export interface SocketLike {
  readonly bufferedAmount?: number
  send(text: string, options?: { readonly compress?: boolean }, done?: (error?: Error) => void): void
  close(code?: number, reason?: string): void
  ping?(): void
  /** Tells of `message`, `close`, `pong` and `error`, with what `ws` gives. */
  on(event: never, listener: never): unknown
}

/** What may be given to a manager: a WebSocket, or the response to a request for an event stream. */
export type AnyConnection = (SocketLike | ServerResponse) & { readonly id?: string }

/** What a carrier tells. */
export interface CarrierListener {
  message(text: string): void
  /** The other side has shown that it is there. */
  alive(): void
  drained(): void
  gone(code: number, reason: string): void
}

/** The way to a client, whatever it is made of. */
export interface Carrier {
  readonly bufferedBytes: number
  send(text: string, isLarge: boolean): void
  /** Asks whether the other side is there; false where it has to be asked by a message. */
  ping(): boolean
  close(code: number, reason: string): void
}

const abnormalClosure = 1006

/** @throws ParleyError `bad_request` for what is no connection */
export function carrierOf(connection: AnyConnection, listener: CarrierListener): Carrier {
  if (isResponse(connection)) return eventStream(connection, listener)
  const { send, close, on } = connection as Partial<SocketLike>
  if ([send, close, on].every((part) => typeof part === 'function'))
    return socketCarrier(connection as SocketLike, listener)
  throw new ParleyError(
    'bad_request',
    'A connection is a WebSocket of `ws` (anything with send, close and on), or the response to a request for an event stream.',
  )
}

function isResponse(connection: AnyConnection): connection is ServerResponse {
  const { writeHead, write } = connection as Partial<ServerResponse>
  return typeof writeHead === 'function' && typeof write === 'function'
}

function socketCarrier(socket: SocketLike, listener: CarrierListener): Carrier {
  const on = socket.on.bind(socket) as On
  on('message', (data: Buffer | string, isBinary?: boolean) => {
    listener.alive()
    if (isBinary !== true) listener.message(String(data))
  })
  on('pong', () => listener.alive())
  // `close` follows.
  on('error', () => undefined)
  on('close', (code?: number, reason?: unknown) =>
    listener.gone(code ?? abnormalClosure, String(reason ?? '')),
  )
  return {
    get bufferedBytes() {
      return socket.bufferedAmount ?? 0
    },
    send(text, isLarge) {
      socket.send(text, { compress: isLarge }, () => {
        if ((socket.bufferedAmount ?? 0) === 0) listener.drained()
      })
    },
    ping() {
      if (socket.ping === undefined) return false
      socket.ping()
      return true
    },
    close: (code, reason) => socket.close(code, Buffer.from(reason).subarray(0, 123).toString()),
  }
}

/** Server-sent events: one way only, so that a client is there as long as the network takes what it is sent. */
function eventStream(response: ServerResponse, listener: CarrierListener): Carrier {
  if (!response.headersSent)
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
  response.on('error', () => undefined)
  response.on('close', () => listener.gone(abnormalClosure, ''))
  const write = (text: string) =>
    response.write(text, () => {
      listener.alive()
      if (response.writableLength === 0) listener.drained()
    })
  return {
    get bufferedBytes() {
      return response.writableLength
    },
    send: (text) => void write(`data: ${text}\n\n`),
    ping: () => {
      write(': ping\n\n')
      return true
    },
    close: () => void response.end(),
  }
}
