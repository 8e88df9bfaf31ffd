import { systemClock } from '../platform.ts'
import type { ClientTransport } from '../transport.ts'
import { type DownlinkParts, type HttpTransportOptions, overHttp } from './http-link.ts'
import { post } from './http-target.ts'
import { readLines } from './read-lines.ts'

/** The part of the EventSource interface that is used. */
export interface EventSourceLike {
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  close(): void
}

export type EventSourceConstructor = new (url: string) => EventSourceLike

export interface SseTransportOptions extends HttpTransportOptions {
  /** Default: that of the platform; where there is none, or with `null`, events are read by `fetch`. */
  readonly EventSource?: EventSourceConstructor | null | undefined
}

/** Server-sent events: by `EventSource`, with a ticket that is good once, or by `fetch`. */
export function sseTransport(options: SseTransportOptions = {}): ClientTransport {
  const { EventSource: given, ...rest } = options
  return overHttp(
    'sse',
    (parts) => {
      const { EventSource: own } = globalThis as { EventSource?: EventSourceConstructor }
      const Source = given === undefined ? own : given
      return Source ? bySource(parts, Source) : byFetch(parts)
    },
    { ...rest, clock: options.clock ?? systemClock },
  )
}

async function bySource(parts: DownlinkParts, Source: EventSourceConstructor): Promise<void> {
  const { broken, fetcher, lines, message, refused, signal, url } = parts
  try {
    const response = await post(fetcher, url('tickets'), { envelope: {}, message, signal })
    if (!response.ok) return await refused(response)
    const { ticket } = (await response.json()) as { readonly ticket: string }
    if (signal.aborted) return
    const source = new Source(`${url('sse')}?ticket=${encodeURIComponent(ticket)}`)
    signal.addEventListener('abort', () => source.close(), { once: true })
    source.onmessage = ({ data }: { readonly data: string }) => lines(data.split('\n'))
    // It would open itself again, with a ticket that is used up.
    source.onerror = () => {
      source.close()
      broken('The event stream has ended.')
    }
  } catch (error) {
    broken(error instanceof Error ? error.message : String(error))
  }
}

async function byFetch(parts: DownlinkParts): Promise<void> {
  const { broken, fetcher, message, refused, signal, url } = parts
  try {
    const response = await post(fetcher, url('sse'), { envelope: {}, message, signal })
    if (response.ok) await readLines(response, (lines) => parts.lines(dataOf(lines)))
    else await refused(response)
    broken('The server has ended the event stream.')
  } catch (error) {
    broken(error instanceof Error ? error.message : String(error))
  }
}

/** Every line of data is a frame; the other lines hold nothing for us. */
function dataOf(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith('data:')).map((line) => line.replace(/^data: ?/, ''))
}
