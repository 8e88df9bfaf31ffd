import type { Credentials, HttpRequest } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'

const maxLength = 8_192

/**
 * The credentials of a request: `Authorization: Bearer <token>`, `Authorization: Basic <keyId:secret in base64>` or
 * `X-API-Key: keyId:secret`. Undefined when there are none.
 *
 * @throws ParleyError `unauthenticated` when they cannot be read
 */
export function credentialsOf(headers: HttpRequest['headers']): Credentials | undefined {
  const { authorization, 'x-api-key': key } = headers
  if (typeof authorization === 'string') return fromAuthorization(authorization)
  if (typeof key === 'string') return keyCredentials(key)
  return undefined
}

function fromAuthorization(header: string): Credentials {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(header.trim()) ?? []
  if (scheme.toLowerCase() === 'bearer' && value.length <= maxLength) return { kind: 'bearer', token: value }
  if (scheme.toLowerCase() === 'basic' && value.length <= maxLength)
    return keyCredentials(decodeBase64(value))
  throw new ParleyError(
    'unauthenticated',
    'The header Authorization is `Bearer <token>` or `Basic <keyId:secret in base64>`.',
  )
}

function keyCredentials(token: string): Credentials {
  if (!/^[^:]+:./.test(token) || token.length > maxLength)
    throw new ParleyError('unauthenticated', 'An app key is written `keyId:secret`.')
  return { kind: 'key', token }
}

function decodeBase64(text: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)))
  } catch {
    return ''
  }
}
