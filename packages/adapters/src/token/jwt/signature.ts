import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { compactVerify, errors } from 'jose'
import type { ImportedKey } from './keys.ts'

/**
 * Tells whether a key made the signature of a token (RFC 7515). An HMAC is checked at once: a round trip to the thread
 * pool costs more than the digest, and every connection has a token. The others go through jose.
 */
export function isSignedBy(token: string, key: ImportedKey): boolean | Promise<boolean> {
  return key.secret === undefined ? isSignedByOwner(token, key) : hasHmac(token, key.secret)
}

function hasHmac(token: string, secret: KeyObject): boolean {
  const border = token.lastIndexOf('.')
  const wanted = createHmac('sha256', secret).update(token.slice(0, border)).digest('base64url')
  const [a, b] = [Buffer.from(token.slice(border + 1)), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}

async function isSignedByOwner(token: string, key: ImportedKey): Promise<boolean> {
  try {
    await compactVerify(token, key.crypto, { algorithms: [key.algorithm] })
    return true
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return false
    throw error
  }
}
