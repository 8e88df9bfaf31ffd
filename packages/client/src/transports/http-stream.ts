import { systemClock } from '../platform.ts'
import type { ClientTransport } from '../transport.ts'
import { type DownlinkParts, type HttpTransportOptions, overHttp } from './http-link.ts'
import { post } from './http-target.ts'
import { readLines } from './read-lines.ts'

/** Streaming over HTTP, by `fetch`: newline-delimited JSON, over HTTP/2 or HTTP/1.1. */
export function httpStreamTransport(options: HttpTransportOptions = {}): ClientTransport {
  return overHttp('http-stream', stream, { ...options, clock: options.clock ?? systemClock })
}

async function stream(parts: DownlinkParts): Promise<void> {
  const { broken, fetcher, message, refused, signal, url } = parts
  try {
    const response = await post(fetcher, url('stream'), { envelope: {}, message, signal })
    if (response.ok) await readLines(response, parts.lines)
    else await refused(response)
    broken('The server has ended the stream.')
  } catch (error) {
    broken(error instanceof Error ? error.message : String(error))
  }
}
