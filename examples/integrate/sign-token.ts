import { createHmac, sign } from 'node:crypto'

/** What a user may do for the next quarter of an hour. Call it only for a user whom you have signed in. */
export function tokenFor(user: string, privateKeyPem: string): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    sub: user,
    iat: now,
    exp: now + 15 * 60,
    capabilities: { 'chat:*': ['read', 'write', 'presence'], [`order:${user}-*`]: ['read'] },
  }
  const head = `${encoded({ alg: 'EdDSA', typ: 'JWT' })}.${encoded(claims)}`
  return `${head}.${sign(null, Buffer.from(head), privateKeyPem).toString('base64url')}`
}

/** The same with a secret that both sides hold. */
export function tokenWithSecret(claims: object, secret: string): string {
  const head = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
