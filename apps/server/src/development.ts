import { createHash } from 'node:crypto'
import { type ApiKey, jwtSigner, type SigningKey } from '@parley/adapters/token/jwt'
import type { DevelopmentSignIn, KeySummary } from '@parley/modules'
import type { Config } from './config.ts'
import { type DevelopmentKeys, developmentKeys } from './development/keys.ts'
import { kindsOf } from './wires/pusher-kinds.ts'

/** What lets people in without any setting up, in development. */
export interface DevelopmentAccess {
  readonly made: DevelopmentKeys
  readonly keys: readonly SigningKey[]
  readonly apiKeys: readonly ApiKey[]
  readonly keysInForce: readonly KeySummary[]
  readonly signIn: DevelopmentSignIn
}

const lifetimeMs = 12 * 60 * 60 * 1000
const kid = 'development'

/** Undefined where the configuration has no sign-in by name. */
export async function developmentAccess(config: Config): Promise<DevelopmentAccess | undefined> {
  if (!config.developmentSignIn) return undefined
  const made = developmentKeys(config.storageProvider === 'memory' ? undefined : config.dataDir)
  const { id, secret } = made.apiKey
  const { audience, issuer, maxLifetimeMs } = config.tokens
  const isTaken = config.apiKeys.some((key) => key.id === id)
  return {
    made,
    keys: [{ app: 'default', algorithm: 'HS256', key: made.signingKey, kid }],
    apiKeys: isTaken
      ? []
      : [{ app: 'default', id, secretHash: createHash('sha256').update(secret).digest('hex') }],
    keysInForce: [
      { app: 'default', use: 'tokens', id: kid, algorithm: 'HS256', source: 'made for development' },
      ...(isTaken ? [] : [{ app: 'default', use: 'backend' as const, id, source: 'made for development' }]),
    ],
    signIn: {
      sign: await jwtSigner({
        algorithm: 'HS256',
        key: made.signingKey,
        kid,
        audience: audience?.[0],
        issuer: issuer?.[0],
      }),
      capabilities: (user, role) =>
        role === 'operator' ? { '*': ['*'] } : visitorCapabilities(kindsOf(config), user),
      lifetimeMs: Math.min(lifetimeMs, maxLifetimeMs),
    },
  }
}

// Everything in every channel, except for the channels of other users.
function visitorCapabilities(
  kinds: Config['kinds'],
  user: string,
): Readonly<Record<string, readonly string[]>> {
  const shared = Object.keys(kinds).filter((kind) => kinds[kind]?.access?.write !== 'backend')
  return { ...Object.fromEntries(shared.map((kind) => [`${kind}:*`, ['*']])), [`user:${user}`]: ['read'] }
}
