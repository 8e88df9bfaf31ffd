import { fileLimitDefaults } from '@parley/modules'
import type { Settings } from './schema.ts'

type Defaults = Omit<Settings, 'profile' | 'authorize' | 'scaling' | 'tls'>

const day = 24 * 60 * 60 * 1000

const { maxFileBytes, userQuotaBytes, appQuotaBytes, linkTtlMs, unfinishedTtlMs, unattachedTtlMs } =
  fileLimitDefaults

const defaultFiles: Settings['files'] = {
  ...{ store: 'disk', thumbnails: true, maxFileBytes, userQuotaBytes, appQuotaBytes },
  ...{ linkTtlMs, unfinishedTtlMs, unattachedTtlMs },
  accept: [...fileLimitDefaults.accept],
  refuse: [...fileLimitDefaults.refuse],
}

const everywhere = {
  port: 3001,
  dataDir: './data',
  storageProvider: 'sqlite',
  metricsEnabled: true,
  monitoring: true,
  ai_processing: true,
  enableAllServices: true,
  regions: ['us-east-1'],
  auto_scaling: false,
  global_distribution: false,
  websocketPaths: ['/realtime', '/ws'],
  socketIo: {
    enabled: true,
    paths: ['/socket.io/'],
    namespaces: ['/', '/edu-matrix-hub'],
    recoveryMs: 120_000,
  },
  pusher: {
    ...{ enabled: true, prefixes: [''], activityTimeoutMs: 120_000, pongTimeoutMs: 30_000 },
    ...{ clientEvents: true, clientEventsPerSecond: 10, subscriptionCount: false },
    ...{ maxMembers: 1_000, cacheMs: 1_800_000, vacatedDelayMs: 3_000, webhooks: [] },
  },
  subprotocols: ['edu-matrix-v1'],
  compression: { enabled: true, thresholdBytes: 1_024 },
  allowedOrigins: ['self'],
  trustedProxies: 0,
  developmentSignIn: false,
  stopGraceMs: 5_000,
  drain: { noticeMs: 0 },
  apps: {},
  tokens: { clockSkewMs: 5_000, maxLifetimeMs: 30 * day },
  kinds: {},
  presence: { view: 'user', graceMs: 5_000, restartGraceMs: 15_000, idleAfterMs: 300_000 },
  typing: { maxNamed: 5, maxMembers: 100, timeoutMs: 6_000 },
  files: defaultFiles,
  tracing: { sampleRatio: 1, serviceName: 'parley' },
  flags: {
    advancedFeatures: {
      ...{ eventReplay: true, advancedFiltering: true, customEventTypes: true },
      externalIntegrations: true,
    },
  },
  limits: {},
  rates: {},
} as const satisfies Partial<Defaults>

/** Kinds to start with: one of each durability, a feed without presence, and a channel for each user. */
const developmentKinds: Settings['kinds'] = {
  chat: { durability: 'durable' },
  room: { durability: 'recent' },
  live: { durability: 'ephemeral' },
  feed: { durability: 'durable', presence: false },
  user: { durability: 'durable', presence: false, access: { write: 'backend', manage: 'backend' } },
}

/** What each profile says where nobody else says anything. */
export const profiles: Readonly<Record<Settings['profile'], unknown>> = {
  development: {
    ...everywhere,
    host: '127.0.0.1',
    logLevel: 'debug',
    metricsAccess: 'open',
    logFormat: 'text',
    debugging: true,
    security_level: 'standard',
    max_connections: 1_000,
    mockExternalDependencies: true,
    fastFailover: false,
    developmentSignIn: true,
    kinds: developmentKinds,
  } satisfies Defaults,
  staging: {
    ...everywhere,
    host: '0.0.0.0',
    logLevel: 'info',
    metricsAccess: 'manage',
    logFormat: 'json',
    debugging: false,
    security_level: 'standard',
    max_connections: 10_000,
    mockExternalDependencies: false,
    fastFailover: true,
  } satisfies Defaults,
  production: {
    ...everywhere,
    host: '0.0.0.0',
    logLevel: 'warn',
    metricsAccess: 'manage',
    logFormat: 'json',
    debugging: false,
    security_level: 'maximum',
    max_connections: 50_000,
    regions: ['us-east-1', 'us-west-2', 'eu-west-1', 'ap-southeast-1'],
    auto_scaling: true,
    global_distribution: true,
    mockExternalDependencies: false,
    fastFailover: true,
  } satisfies Defaults,
}
