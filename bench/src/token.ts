import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'

/** The key of every benchmark server; it protects nothing. */
export const benchKey = 'a benchmark has no secrets, it only needs a key of 32 bytes'

const secret = createSecretKey(benchKey, 'utf8')
const head = encode({ alg: 'HS256', typ: 'JWT' })

/** A token of one user, good for an hour, that may do everything. */
export function signToken(user: string): string {
  const now = Math.floor(Date.now() / 1_000)
  const claims = encode({ sub: user, iat: now, exp: now + 3_600, capabilities: { '*': ['*'] } })
  return `${head}.${claims}.${signature(`${head}.${claims}`)}`
}

/** The claims of a token that is genuine and in time; undefined otherwise. As little work as verifying can be. */
export function verifyToken(token: unknown): { readonly sub: string } | undefined {
  if (typeof token !== 'string') return undefined
  const border = token.lastIndexOf('.')
  const given = Buffer.from(token.slice(border + 1))
  const wanted = Buffer.from(signature(token.slice(0, border)))
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined
  const [header, claims] = token
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  return header.alg === 'HS256' && claims.exp * 1_000 > Date.now() ? claims : undefined
}

function signature(text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url')
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
