import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { Digest, Signer } from '@parley/kernel'

/** Signs by HMAC with SHA-256. Who has the secret can sign too: it has at least 32 bytes. */
export function hmacSigner(secret: string): Signer {
  const key = createSecretKey(secret, 'utf8')
  const digestOf = (text: string) => createHmac('sha256', key).update(text).digest()
  return {
    sign: (text) => digestOf(text).toString('base64url'),
    isSigned(text, signature) {
      const given = Buffer.from(signature, 'base64url')
      const right = digestOf(text)
      return given.length === right.length && timingSafeEqual(given, right)
    },
  }
}

/** Digests by the library of Node. */
export const nodeDigest: Digest = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('base64')
