import { Buffer } from 'node:buffer'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'

/** What RFC 7692 §7.2.1 has a sender take away, and a receiver put back. */
const tail = Buffer.from([0x00, 0x00, 0xff, 0xff])
/** As good as the higher levels on JSON within a few per cent, at a quarter of their time. */
const settings = { level: constants.Z_BEST_SPEED, finishFlush: constants.Z_SYNC_FLUSH }

/** A message in the form of RFC 7692, without context: each stands for itself. */
export function deflate(payload: Uint8Array): Buffer {
  const bytes = deflateRawSync(payload, settings)
  return bytes.subarray(0, bytes.length - tail.length)
}

/** A message as it was before, or why it cannot be had: it would have more than `maxBytes`, or is none. */
export function inflate(payload: Uint8Array, maxBytes: number): Buffer | 'too_large' | 'malformed' {
  try {
    return inflateRawSync(Buffer.concat([payload, tail]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      // Nothing beyond it is ever made, however little was sent.
      maxOutputLength: Math.max(maxBytes, 1),
    })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too_large' : 'malformed'
  }
}

/** An extension that a client offers, with its parameters in their order. */
export interface ExtensionOffer {
  readonly name: string
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[]
}

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const parameterPattern = new RegExp(`^(${token})(?:\\s*=\\s*(?:(${token})|"(${token})"))?$`)
const namePattern = new RegExp(`^${token}$`)
const maxOffers = 16

/** The offers of a `Sec-WebSocket-Extensions` header (RFC 6455 §9.1); undefined for one that is malformed. */
export function extensionOffers(header: string | undefined): readonly ExtensionOffer[] | undefined {
  if (header === undefined) return []
  const offers: ExtensionOffer[] = []
  for (const text of header.split(',')) {
    const [name = '', ...rest] = text.split(';').map((part) => part.trim())
    const parsed = rest.map((parameter) => parameterPattern.exec(parameter))
    if (!namePattern.test(name) || parsed.includes(null) || offers.length === maxOffers) return undefined
    const parameters = parsed.map(
      (match) => [match?.[1] as string, match?.[2] ?? match?.[3]] as [string, string | undefined],
    )
    offers.push({ name, parameters })
  }
  return offers
}

/**
 * The answer to the first offer of permessage-deflate that can be served; undefined where there is none (RFC 7692 §5.1, §7.1).
 * A window that is smaller than ours is declined: what is compressed once goes to all.
 */
export function acceptedDeflate(offers: readonly ExtensionOffer[]): string | undefined {
  for (const { name, parameters } of offers) {
    if (name !== 'permessage-deflate') continue
    const names = parameters.map(([parameter]) => parameter)
    const isServed = new Set(names).size === names.length && parameters.every(isServable)
    if (!isServed) continue
    const window = names.includes('server_max_window_bits') ? '; server_max_window_bits=15' : ''
    return `permessage-deflate; server_no_context_takeover; client_no_context_takeover${window}`
  }
  return undefined
}

function isServable([name, value]: readonly [name: string, value: string | undefined]): boolean {
  switch (name) {
    case 'server_no_context_takeover':
    case 'client_no_context_takeover':
      return value === undefined
    case 'server_max_window_bits':
      return value === '15'
    case 'client_max_window_bits':
      return value === undefined || /^(8|9|1[0-5])$/.test(value)
    default:
      return false
  }
}
