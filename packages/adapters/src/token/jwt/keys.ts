import { createSecretKey, type KeyObject } from 'node:crypto'
import { type CryptoKey, importJWK, importPKCS8, importSPKI, importX509 } from 'jose'

export type SigningAlgorithm = 'HS256' | 'RS256' | 'EdDSA'

/** A key that signs tokens of one app. Nothing but its own algorithm is accepted for it. */
export interface SigningKey {
  readonly app: string
  readonly algorithm: SigningAlgorithm
  /** HS256: the secret, 32 bytes or more. RS256, EdDSA: the public key as PEM or JWK (JSON). */
  readonly key: string
  /** Tokens that name a key id are checked with the keys of this id. */
  readonly kid?: string | undefined
}

/** A key that is ready for use. */
export interface ImportedKey {
  readonly app: string
  readonly algorithm: SigningAlgorithm
  readonly kid: string | undefined
  readonly crypto: CryptoKey
  /** An HS256 secret, made ready once: of bytes, every digest would make a key anew, at five times the cost. */
  readonly secret: KeyObject | undefined
}

const minSecretBytes = 32
const minModulusBits = 2048

/**
 * Imports keys, once.
 *
 * @throws RangeError that says which key cannot be used and why, without showing it
 */
export async function importKeys(keys: readonly SigningKey[]): Promise<readonly ImportedKey[]> {
  const apps = new Map<string, string>()
  return Promise.all(
    keys.map(async ({ app, algorithm, key, kid }) => {
      const named = `The ${algorithm} key${kid === undefined ? '' : ` \`${kid}\``} of app \`${app}\``
      const other = apps.get(key)
      if (other !== undefined && other !== app)
        throw new RangeError(`${named} is also a key of app \`${other}\`. A signing key belongs to one app.`)
      apps.set(key, app)
      const crypto = await importVerifyKey(algorithm, key, named)
      const secret = algorithm === 'HS256' ? createSecretKey(key, 'utf8') : undefined
      return { app, algorithm, kid, crypto, secret }
    }),
  )
}

/** Imports the secret, or private key (PKCS 8 PEM or JWK), that signs. */
export async function importSignKey(algorithm: SigningAlgorithm, key: string): Promise<CryptoKey> {
  const text = key.trim()
  if (algorithm === 'HS256') return importSecret(key, 'The secret', 'sign')
  return text.startsWith('{')
    ? asCryptoKey(await importJWK(JSON.parse(text), algorithm))
    : importPKCS8(text, algorithm)
}

async function importVerifyKey(algorithm: SigningAlgorithm, key: string, named: string): Promise<CryptoKey> {
  if (algorithm === 'HS256') return importSecret(key, named, 'verify')
  const text = key.trim()
  if (/PRIVATE KEY/.test(text))
    throw new RangeError(`${named} is a private key. Give the public key: the server only checks.`)
  let imported: CryptoKey
  try {
    imported = await importPublic(text, algorithm)
  } catch (cause) {
    throw new RangeError(`${named} cannot be read: give the public key as PEM (BEGIN PUBLIC KEY) or JWK.`, {
      cause,
    })
  }
  if (imported.type !== 'public') throw new RangeError(`${named} is not a public key.`)
  const { modulusLength } = imported.algorithm as { modulusLength?: number }
  if (modulusLength !== undefined && modulusLength < minModulusBits)
    throw new RangeError(`${named} has ${modulusLength} bits; RS256 needs ${minModulusBits} or more.`)
  return imported
}

async function importPublic(text: string, algorithm: SigningAlgorithm): Promise<CryptoKey> {
  if (text.startsWith('{')) return asCryptoKey(await importJWK(JSON.parse(text), algorithm))
  return text.includes('BEGIN CERTIFICATE') ? importX509(text, algorithm) : importSPKI(text, algorithm)
}

async function importSecret(secret: string, named: string, use: 'sign' | 'verify'): Promise<CryptoKey> {
  // Somebody who pastes a public key here would let everybody who knows it sign.
  if (/-----BEGIN /.test(secret))
    throw new RangeError(`${named} is a PEM; an HS256 key is a random text that nobody knows.`)
  const bytes = new TextEncoder().encode(secret)
  if (bytes.length < minSecretBytes)
    throw new RangeError(`${named} has ${bytes.length} bytes; HS256 needs ${minSecretBytes} or more.`)
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [use])
}

function asCryptoKey(key: CryptoKey | Uint8Array): CryptoKey {
  if (key instanceof Uint8Array) throw new RangeError('A symmetric JWK is not a public key.')
  return key
}
