import type { HttpStreamRequest } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { isRight, type Keyring, md5Of } from '../signatures.ts'

/** Clocks of back ends may be so far off, in s. */
const clockSkewS = 600
const decoder = new TextDecoder('utf-8', { fatal: true })

/** A request of a back end whose signature fits. */
export interface SignedRequest {
  readonly app: string
  readonly parameters: ReadonlyMap<string, string>
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * Reads a request to the HTTP API and checks its signature:
 * https://pusher.com/docs/channels/library_auth_reference/rest-api
 *
 * @throws ParleyError `unauthenticated`, `bad_request`, `payload_too_large`
 */
export async function readSigned(
  request: HttpStreamRequest,
  { keys, now }: { readonly keys: Keyring; readonly now: () => number },
): Promise<SignedRequest> {
  const parameters = parametersOf(request)
  const key = keys.find(parameters.get('auth_key') ?? '')
  if (key === undefined || key.app !== request.params.app)
    throw new ParleyError('unauthenticated', 'The key is not one of this app.')
  const ageS = Math.abs(now() / 1_000 - Number(parameters.get('auth_timestamp') ?? Number.NaN))
  if (!(ageS <= clockSkewS))
    throw new ParleyError(
      'unauthenticated',
      `\`auth_timestamp\` is more than ${clockSkewS} s away from the clock of the server.`,
    )
  if (parameters.get('auth_version') !== '1.0')
    throw new ParleyError('unauthenticated', '`auth_version` is 1.0.')
  const signed = [request.method, request.path, signedQuery(parameters)].join('\n')
  if (!isRight(key.secret, signed, parameters.get('auth_signature') ?? ''))
    throw new ParleyError('unauthenticated', 'The signature of the request does not fit.')
  const bytes = await bytesOf(request.bytes)
  if (bytes.length > 0 && parameters.get('body_md5') !== md5Of(bytes))
    throw new ParleyError('unauthenticated', '`body_md5` is not that of the body.')
  return { app: key.app, parameters, body: bodyOf(bytes) }
}

/** Names in lower case; of a name that is given several times the last one counts. */
function parametersOf({ query }: HttpStreamRequest): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(query).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : (value.at(-1) ?? ''),
    ]),
  )
}

function signedQuery(parameters: ReadonlyMap<string, string>): string {
  return [...parameters]
    .filter(([name]) => name !== 'auth_signature')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

async function bytesOf(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return Buffer.concat(all)
}

function bodyOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  if (bytes.length === 0) return {}
  try {
    const body: unknown = JSON.parse(decoder.decode(bytes))
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return body as Record<string, unknown>
  } catch {
    // Told below.
  }
  throw new ParleyError('bad_request', 'The body is a JSON object.')
}
