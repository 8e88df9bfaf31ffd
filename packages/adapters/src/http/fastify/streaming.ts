import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { ParleyError } from '@parley/protocol'

export interface StreamLimits {
  /** A connection on which nothing moves for so long is closed. */
  readonly idleTimeoutMs: number
  /** A request is over after so long, however much moves. */
  readonly streamTimeoutMs: number
}

/** After an answer that came before the body was read, so much longer is read, so that the sender gets to the answer. */
const lingerMs = 2_000

/**
 * The body of a request as it comes. Nothing is read before somebody asks, and no faster than they do.
 *
 * @throws ParleyError `payload_too_large` when it is longer than `most`, `disconnected` when it breaks off
 */
export async function* bodyOf(request: IncomingMessage, most: number): AsyncIterable<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge(most)
  let size = 0
  try {
    // The connection is still needed, for the answer.
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += piece.length
      if (size > most) throw tooLarge(most)
      yield piece
    }
  } catch (error) {
    if (error instanceof ParleyError || !isBroken(error)) throw error
    throw new ParleyError('disconnected', 'The connection broke off before the body was here.', {
      cause: error,
    })
  }
}

function tooLarge(most: number): ParleyError {
  return new ParleyError('payload_too_large', `The body has at most ${most} bytes.`, {
    details: { limit: most },
  })
}

function isBroken(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ABORT_ERR'].includes(code)
}

/** Gives a request as much time as it moves, and tells when its connection ends early. */
export function watchStream(
  request: IncomingMessage,
  response: ServerResponse,
  limits: StreamLimits,
): AbortSignal {
  const { socket } = request
  const gone = new AbortController()
  // Node destroys a socket at its timeout, and sets another timeout when the answer is out.
  socket.setTimeout(limits.idleTimeoutMs)
  const timer = setTimeout(() => socket.destroy(), limits.streamTimeoutMs).unref()
  response.once('finish', () => linger(request))
  response.once('close', () => {
    clearTimeout(timer)
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}

/** What is still on its way is read and dropped for a moment; then the connection is closed. */
function linger(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return
  const { socket } = request
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref()
  request.once('close', () => clearTimeout(timer))
  request.resume()
}

/** Bytes as a stream of Node, once the first of them are here. Rejects with what keeps them from being read. */
export async function begunStream(bytes: AsyncIterable<Uint8Array>): Promise<Readable> {
  const iterator = bytes[Symbol.asyncIterator]()
  let begun: IteratorResult<Uint8Array> | undefined = await iterator.next()
  const all: AsyncIterableIterator<Uint8Array> = {
    next() {
      const next = begun ?? iterator.next()
      begun = undefined
      return Promise.resolve(next)
    },
    // No generator: one that has not started frees nothing when it is returned from.
    return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]: () => all,
  }
  return Readable.from(all, { objectMode: false })
}
