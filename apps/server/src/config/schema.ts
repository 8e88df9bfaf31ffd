import { limitDefaults, rateDefaults } from '@parley/kernel'
import { kindsSchema, webhookEventNames } from '@parley/modules'
import { z } from 'zod'

/** The three ways to run a server; each has its own defaults. */
export const profileNames = ['development', 'staging', 'production'] as const

const switchOf = z.boolean()
const whole = (least: number, most: number) => z.int().min(least).max(most)

/** Says in words what is expected, where the schema alone would say it badly. */
function described(text: string, schema: z.ZodType<string> = z.string().min(1)): z.ZodType<string> {
  return schema.meta({ expected: text })
}

/** Where another service is. Who we are to it is said elsewhere: a URL ends up in logs and messages. */
function address(text: string): z.ZodType<string> {
  const url = z
    .url({ protocol: /^https?$/ })
    .refine(
      (given) => !/^\w+:\/\/[^/]*@/.test(given),
      'a URL with credentials in it is not taken; leave them out',
    )
  return described(text, url)
}

const milliseconds = (most: number) => whole(0, most)

const day = 24 * 60 * 60 * 1000

const capabilities = z.record(z.string(), z.array(z.enum(['read', 'write', 'presence', 'manage', '*'])))

const signingKey = z.strictObject({
  algorithm: z.enum(['HS256', 'RS256', 'EdDSA']),
  key: described('a secret of 32 bytes or more (HS256), or a public key as PEM or JWK').optional(),
  keyFile: described('the path of a file that holds the key').optional(),
  kid: z.string().min(1).max(256).optional(),
})

const apiKey = z.strictObject({
  id: described('an id of letters, digits, - and _', z.string().regex(/^[\w-]{1,64}$/)),
  secret: described('a random secret of 24 characters or more', z.string().min(24)).optional(),
  secretHash: described(
    'the SHA-256 of the secret as 64 hex digits',
    z.string().regex(/^[0-9a-f]{64}$/i),
  ).optional(),
  capabilities: capabilities.optional(),
})

const app = z.strictObject({
  keys: z.array(signingKey).max(16).optional(),
  apiKeys: z.array(apiKey).max(100).optional(),
})
const appName = described(
  'a name of lower-case letters, digits, - and _, at most 32',
  z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/),
)

function each<Names extends string, Value extends z.ZodType>(names: readonly Names[], value: Value) {
  return z.strictObject(
    Object.fromEntries(names.map((name) => [name, value.optional()])) as Record<Names, z.ZodOptional<Value>>,
  )
}

const rate = z.strictObject({ perSecond: whole(0, 10_000_000), burst: whole(0, 10_000_000) })

/** The feature flags of the server in their four groups. */
export const flagGroups = {
  coreFeatures: ['eventBroadcasting', 'typingIndicators', 'sessionCoordination', 'presenceManagement'],
  advancedFeatures: ['eventReplay', 'advancedFiltering', 'customEventTypes', 'externalIntegrations'],
  performanceFeatures: ['eventCompression', 'batchProcessing', 'connectionPooling', 'caching'],
  securityFeatures: ['eventEncryption', 'advancedAuth', 'rateLimiting', 'auditLogging'],
} as const

const flags = z.strictObject({
  coreFeatures: each(flagGroups.coreFeatures, switchOf).optional(),
  advancedFeatures: each(flagGroups.advancedFeatures, switchOf).optional(),
  performanceFeatures: each(flagGroups.performanceFeatures, switchOf).optional(),
  securityFeatures: each(flagGroups.securityFeatures, switchOf).optional(),
})

type LimitName = keyof typeof limitDefaults

const mayBeZero: readonly LimitName[] = [
  'sessionTtlMs',
  'tokenGraceMs',
  'maxFilterClasses',
  'maxMemoryReceipts',
]
const limits = each(Object.keys(limitDefaults) as LimitName[], whole(1, Number.MAX_SAFE_INTEGER)).extend(
  each(mayBeZero, whole(0, Number.MAX_SAFE_INTEGER)).shape,
)

const mediaTypes = z
  .array(described('a media type, as image/png, image/* or */*', z.string().regex(/^[\w.+*-]+\/[\w.+*-]+$/)))
  .max(200)

const objectStore = z.strictObject({
  endpoint: address('an http or https URL'),
  bucket: described('the name of a bucket', z.string().regex(/^[\w.-]{3,63}$/)),
  region: z.string().min(1).max(64).optional(),
  accessKeyId: z.string().min(1).max(256),
  secretAccessKey: described('the secret that belongs to the access key'),
  sessionToken: z.string().min(1).optional(),
  prefix: described('the beginning of all keys, as parley/', z.string().regex(/^[\w./-]{1,200}$/)).optional(),
  pathStyle: switchOf.optional(),
})

const files = z.strictObject({
  store: z.enum(['disk', 's3']),
  s3: objectStore.optional(),
  secret: described('a random secret of 32 characters or more', z.string().min(32)).optional(),
  maxFileBytes: whole(1, 5 * 1024 ** 4),
  userQuotaBytes: whole(0, Number.MAX_SAFE_INTEGER),
  appQuotaBytes: whole(0, Number.MAX_SAFE_INTEGER),
  accept: mediaTypes,
  refuse: mediaTypes,
  thumbnails: switchOf,
  linkTtlMs: whole(60_000, 30 * day),
  unfinishedTtlMs: whole(60_000, 30 * day),
  unattachedTtlMs: whole(60_000, 365 * day),
})

const tracing = z.strictObject({
  endpoint: address('an http or https URL, as http://127.0.0.1:4318').optional(),
  headers: z.record(z.string().regex(/^[\w-]{1,64}$/), z.string().max(4_096)).optional(),
  sampleRatio: z.number().min(0).max(1).meta({ expected: 'a number from 0 to 1' }),
  serviceName: z.string().min(1).max(64),
})

/** Everything that can be configured. Names in snake case are kept as their users know them. */
export const configSchema = z.strictObject({
  profile: z.enum(profileNames),
  host: described('an address to listen on, as 127.0.0.1 or 0.0.0.0'),
  port: whole(0, 65_535),
  dataDir: described('the path of a directory'),
  storageProvider: z.enum(['sqlite', 'memory']),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']),
  logFormat: z.enum(['text', 'json']),
  metricsEnabled: switchOf,
  metricsAccess: z.enum(['open', 'manage']),
  monitoring: switchOf,
  debugging: switchOf,
  ai_processing: switchOf,
  security_level: z.enum(['standard', 'maximum']),
  max_connections: whole(1, 1_000_000),
  regions: z.array(z.string().min(1).max(64)).min(1).max(64),
  auto_scaling: switchOf,
  global_distribution: switchOf,
  enableAllServices: switchOf,
  mockExternalDependencies: switchOf,
  fastFailover: switchOf,
  websocketPaths: z
    .array(described('a path, as /realtime', z.string().regex(/^\/[\w./-]*$/)))
    .min(1)
    .max(8),
  socketIo: z.strictObject({
    enabled: switchOf,
    paths: z
      .array(described('a path, as /socket.io/', z.string().regex(/^\/[\w./-]*$/)))
      .min(1)
      .max(8),
    namespaces: z
      .array(described('a namespace, as / or edu-matrix-hub', z.string().regex(/^\/?[\w./-]{0,100}$/)))
      .min(1)
      .max(32),
    secret: described('a random secret of 32 characters or more', z.string().min(32)).optional(),
    recoveryMs: milliseconds(day),
  }),
  pusher: z.strictObject({
    enabled: switchOf,
    prefixes: z
      .array(described('nothing, or a path as /pusher', z.string().regex(/^(\/[\w.-]+)*$/)))
      .min(1)
      .max(8),
    activityTimeoutMs: milliseconds(3_600_000),
    pongTimeoutMs: whole(100, 3_600_000),
    clientEvents: switchOf,
    clientEventsPerSecond: whole(1, 10_000),
    subscriptionCount: switchOf,
    maxMembers: whole(1, 100_000),
    cacheMs: milliseconds(day),
    vacatedDelayMs: milliseconds(600_000),
    webhooks: z
      .array(
        z.strictObject({
          app: appName,
          url: described('a URL as https://example.org/webhooks', z.url({ protocol: /^https?$/ })),
          events: z.array(z.enum(webhookEventNames)).min(1).optional(),
        }),
      )
      .max(32),
  }),
  scaling: z
    .strictObject({
      type: z.enum(['horizontal']).optional(),
      sticky: switchOf.optional(),
      redisAdapter: switchOf.optional(),
    })
    .optional(),
  tls: z
    .strictObject({
      certFile: described('the path of a certificate with its chain, as PEM'),
      keyFile: described('the path of its key, as PEM'),
    })
    .optional(),
  subprotocols: z
    .array(described('the name of a subprotocol, as edu-matrix-v1', z.string().regex(/^[\w.+-]{1,64}$/)))
    .max(8),
  compression: z.strictObject({ enabled: switchOf, thresholdBytes: whole(0, 1_000_000) }),
  allowedOrigins: z
    .array(
      described(
        '`self`, `*`, or an origin as https://example.org or https://*.example.org',
        z.string().regex(/^(self|\*|https?:\/\/[^/\s]+)$/),
      ),
    )
    .max(100),
  trustedProxies: whole(0, 10),
  developmentSignIn: switchOf,
  stopGraceMs: milliseconds(600_000),
  drain: z.strictObject({
    noticeMs: milliseconds(600_000),
    windowMs: milliseconds(3_600_000).optional(),
  }),
  apps: z.record(appName, app),
  tokens: z.strictObject({
    audience: z.array(z.string().min(1)).min(1).optional(),
    issuer: z.array(z.string().min(1)).min(1).optional(),
    clockSkewMs: milliseconds(300_000),
    maxLifetimeMs: whole(60_000, 400 * day),
  }),
  authorize: z
    .strictObject({
      url: address('an http or https URL'),
      secret: described('a random secret of 24 characters or more', z.string().min(24)),
      timeoutMs: whole(10, 10_000).optional(),
    })
    .optional(),
  kinds: kindsSchema,
  presence: z.strictObject({
    view: z.enum(['user', 'granted']),
    graceMs: milliseconds(600_000),
    restartGraceMs: milliseconds(600_000),
    idleAfterMs: whole(10_000, 24 * 3_600_000),
  }),
  typing: z.strictObject({
    maxNamed: whole(0, 100),
    maxMembers: whole(0, 100_000),
    timeoutMs: whole(1_000, 60_000),
  }),
  files,
  tracing,
  flags,
  limits,
  rates: each(Object.keys(rateDefaults) as (keyof typeof rateDefaults)[], rate),
})

/** A configuration whose every value has the right form. */
export type Settings = z.output<typeof configSchema>
