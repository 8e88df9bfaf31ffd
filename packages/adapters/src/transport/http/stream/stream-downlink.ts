import { ServerResponse } from 'node:http'
import type { Encoding } from '../encoding.ts'
import type { Downlink } from '../link.ts'
import { ChunkedDownlink } from './chunked-downlink.ts'
import { ResponseDownlink } from './response-downlink.ts'

/** What a stream tells, and asks. */
export interface StreamOwner {
  /** Nothing waits any more. */
  drained(): void
  /** The response is over. */
  over(): void
  /** The message with which the stream ends. */
  farewell(code: number, reason: string): string
}

/**
 * A downlink in one response that goes on and on: newline-delimited JSON, or server-sent events. The head of the response
 * is written.
 */
export function streamDownlink(response: ServerResponse, encoding: Encoding, owner: StreamOwner): Downlink {
  // Not the responses of HTTP/2, nor those to HTTP/1.0.
  const isChunked = response instanceof ServerResponse && response.chunkedEncoding
  return isChunked && response.socket !== null
    ? new ChunkedDownlink(response.socket, response, { encoding, owner })
    : new ResponseDownlink(response, encoding, owner)
}
