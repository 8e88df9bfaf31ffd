import { type ChannelEvent, ParleyError } from '@parley/client'
import type { ChannelStart } from '../event-list.ts'

export interface ReadChannelOptions {
  /** Where the server of Parley is, as this machine reaches it: `http://127.0.0.1:3001`. */
  readonly url: string
  readonly channel: string
  /** Reads as this user. */
  readonly token?: string | undefined
  /** Reads as the back end, instead: `ID:SECRET` of an app key. */
  readonly key?: string | undefined
  /** The newest N events; default 50. */
  readonly recent?: number | undefined
  readonly signal?: AbortSignal | undefined
}

interface Page {
  readonly events: readonly ChannelEvent[]
  readonly epoch: string
  readonly head: number
}

/**
 * Reads the newest events of a channel over HTTP, for the first render on a server: pass the answer to the browser as
 * `initial` of `useChannel`. No socket is opened.
 *
 * @throws ParleyError with which the server refused it; `unavailable` when it could not be reached
 */
export async function readChannel(options: ReadChannelOptions): Promise<ChannelStart> {
  const { url, channel, recent = 50, signal } = options
  const address = new URL(`/api/channels/${encodeURIComponent(channel)}/events`, url)
  address.searchParams.set('limit', String(recent))
  const headers = credentials(options)
  const page = await ask(address, { headers, cache: 'no-store', ...(signal === undefined ? {} : { signal }) })
  const { events, epoch, head } = page
  // What came while the page was read is behind its newest event, not behind the head.
  return { events, position: { epoch, offset: events.at(-1)?.offset ?? head } }
}

function credentials({ token, key }: ReadChannelOptions): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` }
  return key === undefined ? {} : { 'x-api-key': key }
}

async function ask(address: URL, init: RequestInit): Promise<Page> {
  let response: Response
  try {
    response = await fetch(address, init)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ParleyError('unavailable', `The server at ${address.origin} could not be reached: ${why}`)
  }
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return body as Page
  if (typeof (body as { code?: unknown } | undefined)?.code === 'string')
    throw ParleyError.from(body as never)
  throw new ParleyError('unavailable', `What answers at ${address.origin} is no server of Parley.`)
}
