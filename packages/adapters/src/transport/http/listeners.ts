import { createHash } from 'node:crypto'
import { ParleyError } from '@parley/protocol'
import type { Exchange } from './exchange.ts'
import { handshakeOf, type Links } from './links.ts'
import { Listening, type Wish } from './listening.ts'
import { positionsOf } from './positions.ts'
import { Translation } from './translation.ts'

/** What a listener gives in its URL: nothing of it is a secret, as a ticket is good for one use. */
interface Target {
  readonly path: string
  readonly parameters: URLSearchParams
  readonly ticket: string | undefined
  /** Of the ticket, when this was its use. */
  readonly token: string | undefined
}

const maxChannels = 50
const longestCookieS = 86_400
/** Browsers drop cookies above 4,096 bytes. */
const maxCookieLength = 3_800

/** Opens links for those who only listen. */
export class Listeners {
  readonly #links: Links
  readonly #translation = new Translation()

  constructor(links: Links) {
    this.#links = links
  }

  /** @throws ParleyError `unauthenticated`, `bad_request`, and what the node throws to refuse it */
  open(exchange: Exchange, { path, parameters, ticket, token: deposited }: Target): void {
    const wish = wishOf(parameters, exchange.request.headers['last-event-id']?.toString())
    const token =
      exchange.token ?? deposited ?? (ticket === undefined ? undefined : cookieOf(exchange, ticket))
    if (token === undefined)
      throw new ParleyError(
        'unauthenticated',
        ticket === undefined
          ? 'Give a token in the header Authorization, or a ticket.'
          : 'This ticket was used, or is too old. Get a new one.',
      )
    const cookie =
      ticket === undefined ? undefined : cookieFor(ticket, token, { path, isSecure: exchange.isSecure })
    const headers: Readonly<Record<string, string>> = cookie === undefined ? {} : { 'set-cookie': cookie }
    const link = this.#links.open(
      handshakeOf(exchange, 'sse', token),
      undefined,
      (opened) => new Listening({ exchange, headers, wish, link: opened, translation: this.#translation }),
    )
    // It may leave before its stream has begun.
    exchange.response.once('close', () => link.over())
  }
}

function wishOf(parameters: URLSearchParams, lastEventId: string | undefined): Wish {
  const channels = [...new Set(parameters.getAll('channel').flatMap((value) => value.split(',')))].filter(
    (channel) => channel !== '',
  )
  const recent = Number(parameters.get('recent') ?? 0)
  if (channels.length === 0 || channels.length > maxChannels)
    throw new ParleyError(
      'bad_request',
      `Name 1 to ${maxChannels} channels: ?channel=chat:general&channel=….`,
    )
  if (!Number.isSafeInteger(recent) || recent < 0)
    throw new ParleyError('bad_request', '`recent` is a whole number from 0.')
  return { channels, recent, from: positionsOf(lastEventId ?? parameters.get('lastEventId') ?? '') }
}

/**
 * A browser opens a broken `EventSource` again by itself, with the URL that it had: the ticket in it is used up. So it is
 * given the token as a cookie that no script sees, for this path alone, and sends it along, to whichever node.
 */
function cookieFor(
  ticket: string,
  token: string,
  { path, isSecure }: { readonly path: string; readonly isSecure: boolean },
): string | undefined {
  if (token.length > maxCookieLength) return undefined
  const secure = isSecure ? '; Secure' : ''
  return `${cookieName(ticket)}=${token}; Path=${path}; Max-Age=${longestCookieS}; HttpOnly; SameSite=Strict${secure}`
}

function cookieOf(exchange: Exchange, ticket: string): string | undefined {
  const name = cookieName(ticket)
  for (const pair of (exchange.request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === name && value !== undefined && value !== '') return value
  }
  return undefined
}

/** Each ticket has a cookie of its own, so that several streams of a page do not meet. */
function cookieName(ticket: string): string {
  return `parley-sse-${createHash('sha256').update(ticket).digest('hex').slice(0, 16)}`
}
