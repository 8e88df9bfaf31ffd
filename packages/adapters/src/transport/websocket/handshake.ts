import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { appKeyIn, originAllowed } from '@parley/kernel'
import {
  type ErrorCode,
  errorStatus,
  jsonSubprotocol,
  msgpackSubprotocol,
  negotiateSubprotocol,
  ParleyError,
} from '@parley/protocol'
import { acceptedDeflate, extensionOffers } from './deflate.ts'

/** What decides whether a client may connect. */
export interface HandshakeRules {
  /** Origins of pages that may connect; `self`: pages of this host; `https://*.example.org`; `*`: all. */
  readonly allowedOrigins: readonly string[]
  /** Further names of subprotocols that are ours. */
  readonly subprotocolAliases: Readonly<Record<string, string>>
  /** Whether a client may have messages compressed. */
  readonly compresses: () => boolean
}

/** A handshake that will be answered with 101. */
export interface AcceptedHandshake {
  readonly accept: string
  readonly subprotocol: string | undefined
  readonly token: string | undefined
  /** The subprotocol speaks MessagePack. */
  readonly isPacked: boolean
  /** The extension that was agreed on: permessage-deflate, or none. */
  readonly extension?: string | undefined
}

/** An answer instead of 101. */
export interface Refusal {
  readonly status: number
  readonly error: ParleyError
  readonly headers?: Readonly<Record<string, string>>
}

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const keyPattern = /^[+/0-9A-Za-z]{22}==$/
/** RFC 9110 §5.6.2, which RFC 6455 §4.1 asks of subprotocol names. */
const namePattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const tokenPrefix = 'parley.token.'
const maxSubprotocols = 16
const maxTokenLength = 8_192

/** Checks an upgrade request (RFC 6455 §4.2.1), before anything is kept of it. */
export function checkHandshake(request: IncomingMessage, rules: HandshakeRules): AcceptedHandshake | Refusal {
  const { headers } = request
  const problem = requestProblem(request)
  if (problem !== undefined) return problem
  if (!originAllowed(headers.origin, headers.host, rules.allowedOrigins)) {
    const message = `Pages of ${String(headers.origin).slice(0, 200)} may not connect. Add the origin to the allowed origins.`
    return refusal(403, 'forbidden', message)
  }
  const offered = offeredSubprotocols(headers['sec-websocket-protocol'])
  if (offered === undefined)
    return refusal(400, 'bad_request', 'The header Sec-WebSocket-Protocol is malformed.')
  const names = offered.filter((name) => !name.startsWith(tokenPrefix))
  const subprotocol = negotiateSubprotocol(names, rules.subprotocolAliases)
  if (subprotocol === undefined && offered.length > 0)
    return refusal(
      400,
      'unsupported_version',
      `No subprotocol in common. This server speaks ${jsonSubprotocol} and ${msgpackSubprotocol}.`,
    )
  const offers = extensionOffers(headers['sec-websocket-extensions'])
  if (offers === undefined)
    return refusal(400, 'bad_request', 'The header Sec-WebSocket-Extensions is malformed.')
  const token =
    bearerToken(headers.authorization) ?? appKeyIn(headers['x-api-key']) ?? subprotocolToken(offered)
  if (token !== undefined && token.length > maxTokenLength)
    return refusal(400, 'bad_request', `A token has at most ${maxTokenLength} characters.`)
  const accept = hash('sha1', headers['sec-websocket-key'] + guid, 'base64')
  const extension = rules.compresses() ? acceptedDeflate(offers) : undefined
  const isPacked =
    subprotocol !== undefined &&
    (subprotocol === msgpackSubprotocol || rules.subprotocolAliases[subprotocol] === msgpackSubprotocol)
  return { accept, subprotocol, token, extension, isPacked }
}

function requestProblem(request: IncomingMessage): Refusal | undefined {
  const { headers } = request
  if (request.method !== 'GET' || request.httpVersionMajor !== 1 || request.httpVersionMinor < 1)
    return refusal(400, 'bad_request', 'A WebSocket handshake is a GET request of HTTP/1.1.')
  if (headers.upgrade?.toLowerCase() !== 'websocket')
    return refusal(400, 'bad_request', 'This path upgrades to `websocket` only.')
  if (headers['sec-websocket-version'] !== '13') {
    const refused = refusal(426, 'unsupported_version', 'The WebSocket version is 13.')
    return { ...refused, headers: { 'Sec-WebSocket-Version': '13', Upgrade: 'websocket' } }
  }
  if (!keyPattern.test(headers['sec-websocket-key'] ?? ''))
    return refusal(400, 'bad_request', 'The header Sec-WebSocket-Key is missing or malformed.')
  return undefined
}

function refusal(status: number, code: ErrorCode, message: string): Refusal {
  return { status, error: new ParleyError(code, message) }
}

/** The names offered, in order; undefined when the header breaks the rules. */
function offeredSubprotocols(header: string | undefined): readonly string[] | undefined {
  if (header === undefined) return []
  const names = header.split(',').map((name) => name.trim())
  const isFine = names.length <= maxSubprotocols && new Set(names).size === names.length
  return isFine && names.every((name) => namePattern.test(name)) ? names : undefined
}

function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +([^\s]+)$/i.exec(header ?? '')?.[1]
}

/** Browsers cannot set headers on a WebSocket: they offer `parley.token.<jwt>` beside the subprotocol. */
function subprotocolToken(offered: readonly string[]): string | undefined {
  return offered.find((name) => name.startsWith(tokenPrefix))?.slice(tokenPrefix.length)
}

/** The response that opens the connection. */
export function switchingProtocols(handshake: Omit<AcceptedHandshake, 'isPacked'>): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${handshake.accept}`,
  ]
  if (handshake.subprotocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${handshake.subprotocol}`)
  if (handshake.extension !== undefined) lines.push(`Sec-WebSocket-Extensions: ${handshake.extension}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** The refusal that an error thrown by the node amounts to. Others than a ParleyError tell nothing of the inside. */
export function refusalOf(thrown: unknown): Refusal {
  const error = thrown instanceof ParleyError ? thrown : new ParleyError('internal')
  return { status: errorStatus(error.code), error }
}

/** Answers with an error body as REST does, and closes the socket when it has left. */
export function refuse(socket: Duplex, refusal: Refusal): void {
  const { status, error } = refusal
  const body = JSON.stringify(error.toBody())
  const retry =
    error.retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.ceil(error.retryAfterMs / 1000)) }
  const headers = {
    Connection: 'close',
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    ...retry,
    ...refusal.headers,
  }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.once('finish', socket.destroy)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${head.join('')}\r\n${body}`)
}
