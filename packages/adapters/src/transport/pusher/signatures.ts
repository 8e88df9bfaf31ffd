import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** A key of an app with its secret, which back end and server share. */
export interface PusherKey {
  readonly app: string
  readonly id: string
  readonly secret: string
}

/** The keys of all apps. */
export class Keyring {
  readonly #keys: ReadonlyMap<string, PusherKey>

  constructor(keys: readonly PusherKey[]) {
    this.#keys = new Map(keys.map((key) => [key.id, key]))
  }

  find(id: string): PusherKey | undefined {
    return this.#keys.get(id)
  }

  /** Whether `key:signature` is what the back end of an app signs a text with. */
  isSigned(app: string, auth: unknown, text: string): boolean {
    if (typeof auth !== 'string') return false
    const colon = auth.indexOf(':')
    const key = this.#keys.get(auth.slice(0, Math.max(colon, 0)))
    return key !== undefined && key.app === app && isRight(key.secret, text, auth.slice(colon + 1))
  }
}

/** HMAC with SHA-256 in hex, as all signatures of Pusher. */
export function signatureOf(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex')
}

/** Takes a time that tells nothing about the right one. */
export function isRight(secret: string, text: string, signature: string): boolean {
  const right = createHmac('sha256', secret).update(text).digest()
  const given = Buffer.from(signature, 'hex')
  return given.length === right.length && timingSafeEqual(given, right)
}

export function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}
