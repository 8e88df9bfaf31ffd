import { createHmac } from 'node:crypto'
import type { Durability } from '@parley/kernel'

/** Kinds of channels that chaos is about. */
const durabilities: Readonly<Record<string, Durability>> = {
  ledger: 'durable',
  hall: 'durable',
  swift: 'recent',
  loose: 'ephemeral',
}

export function durabilityOf(channel: string): Durability {
  return durabilities[channel.slice(0, channel.indexOf(':'))] ?? 'durable'
}

/** Events that a channel whose log is in memory keeps. */
export const keptEvents = 20_000

const signingKey = 'the key of a server that is killed again and again'

/** The configuration file of a server under test. */
export const serverSettings = {
  profile: 'production',
  host: '127.0.0.1',
  logLevel: 'warn',
  logFormat: 'json',
  metricsAccess: 'open',
  allowedOrigins: ['*'],
  // Whoever reads nothing is to meet the bounds, however alike what is sent may be.
  compression: { enabled: false },
  apps: { default: { keys: [{ algorithm: 'HS256', key: signingKey }] } },
  kinds: Object.fromEntries(
    Object.entries(durabilities).map(([kind, durability]) => [
      kind,
      {
        durability,
        presence: false,
        ...(durability === 'recent'
          ? { retention: { maxEvents: keptEvents, maxAgeMs: 86_400_000, maxBytes: 67_108_864 } }
          : {}),
      },
    ]),
  ),
  // Everybody comes from one address.
  flags: { securityFeatures: { rateLimiting: false } },
  limits: {
    maxConnections: 30_000,
    maxConnectionsPerIp: 30_000,
    // What is dead is noticed soon.
    ...{ pingIntervalMs: 4_000, pingTimeoutMs: 5_000, slowConsumerMs: 4_000, sessionTtlMs: 4_000 },
  },
} as const

/** A token that may do everything, for so long. */
export function signToken(user: string, lifetimeMs = 120_000): string {
  const now = Math.floor(Date.now() / 1_000)
  const claims = { sub: user, iat: now, exp: now + lifetimeMs / 1_000, capabilities: { '*': ['*'] } }
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${text}.${createHmac('sha256', signingKey).update(text).digest('base64url')}`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
