import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { flagDefaults, limitDefaults } from '@parley/kernel'
import { expect, test } from 'vitest'
import { flagGroups } from './config/schema.ts'
import { type Config, ConfigurationError, loadConfig } from './config.ts'

interface Given {
  readonly file?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly flags?: readonly (readonly [string, string])[]
}

function load({ file, environment = {}, flags = [] }: Given = {}): Config {
  const directory = mkdtempSync(join(tmpdir(), 'parley-config-'))
  if (file !== undefined) writeFileSync(join(directory, 'parley.yaml'), file)
  return loadConfig({ directory, environment, flags })
}

function mistakes(given: Given): readonly string[] {
  try {
    load(given)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n').slice(1)
    throw error
  }
  return []
}

const secret = 's'.repeat(40)

test('without a word it is the development profile', () => {
  expect(load()).toMatchObject({
    profile: 'development',
    host: '127.0.0.1',
    port: 3001,
    logLevel: 'debug',
    storageProvider: 'sqlite',
    metricsEnabled: true,
    enableAllServices: true,
    mockExternalDependencies: true,
    fastFailover: false,
    ai_processing: true,
    monitoring: true,
    security_level: 'standard',
    max_connections: 1_000,
    regions: ['us-east-1'],
    debugging: true,
    developmentSignIn: true,
    limits: { maxConnections: 1_000 },
    warnings: [],
  })
  expect(Object.keys(load().kinds)).toEqual(['chat', 'room', 'live', 'feed', 'user'])
})

test('staging and production have the values of their profiles', () => {
  expect(load({ flags: [['profile', 'staging']] })).toMatchObject({
    ...{
      logLevel: 'info',
      mockExternalDependencies: false,
      fastFailover: true,
      developmentSignIn: false,
      port: 3001,
    },
  })
  expect(load({ environment: { NODE_ENV: 'production', JWT_SECRET: secret } })).toMatchObject({
    profile: 'production',
    logLevel: 'warn',
    security_level: 'maximum',
    max_connections: 50_000,
    regions: ['us-east-1', 'us-west-2', 'eu-west-1', 'ap-southeast-1'],
    debugging: false,
    auto_scaling: true,
    global_distribution: true,
    fastFailover: true,
    developmentSignIn: false,
    keys: [{ app: 'default', algorithm: 'HS256', key: secret }],
  })
})

test('flags count more than the environment, the environment more than the file, the file more than the profile', () => {
  const file = 'port: 1\nlogLevel: warn\nmax_connections: 11\ntokens:\n  clockSkewMs: 7\n'
  const environment = { PARLEY_PORT: '2', PORT: '9', PARLEY_MAX_CONNECTIONS: '22' }
  const config = load({ file, environment, flags: [['port', '3']] })
  expect(config).toMatchObject({ port: 3, max_connections: 22, logLevel: 'warn', host: '127.0.0.1' })
  expect(config.tokens).toMatchObject({ clockSkewMs: 7, maxLifetimeMs: 30 * 86_400_000 })
  expect(load({ environment }).port).toBe(2)
  expect(load({ environment: { PORT: '9' } }).port).toBe(9)
})

test('every setting has a variable and a flag; lists and mappings are texts', () => {
  const environment = {
    PARLEY_TOKENS_CLOCK_SKEW_MS: '9',
    PARLEY_REGIONS: 'eu, us',
    PARLEY_KINDS: '{"chat": null, "news": {"durability": "recent"}}',
    PARLEY_METRICS_ENABLED: 'no',
    PARLEY_FLAGS_CORE_FEATURES_TYPING_INDICATORS: 'off',
    PARLEY_LIMITS_MAX_FRAME_BYTES: '1000',
  }
  const config = load({
    environment,
    flags: [
      ['tokens.max-lifetime-ms', '60000'],
      ['no-monitoring', 'true'],
      ['debugging', 'false'],
    ],
  })
  expect(config.tokens).toEqual({ clockSkewMs: 9, maxLifetimeMs: 60_000 })
  expect(config.regions).toEqual(['eu', 'us'])
  expect(Object.keys(config.kinds)).toEqual(['room', 'live', 'feed', 'user', 'news'])
  expect(config).toMatchObject({
    metricsEnabled: false,
    monitoring: false,
    debugging: false,
    limits: { maxFrameBytes: 1_000 },
  })
  expect(config.flags).toEqual({
    ...{ eventEncryption: false, typingIndicators: false },
    ...{ eventReplay: true, advancedFiltering: true, customEventTypes: true, externalIntegrations: true },
  })
})

test('names that others know are taken, after our own', () => {
  const environment = {
    REACT_APP_MAX_CONNECTIONS: '7',
    REACT_APP_MONITORING_ENABLED: 'false',
    REACT_APP_JWT_SECRET: secret,
  }
  expect(load({ environment })).toMatchObject({
    max_connections: 7,
    monitoring: false,
    keys: [{ key: secret }],
  })
  const both = {
    ...environment,
    JWT_SECRET: 'j'.repeat(40),
    PARLEY_JWT_SECRET: 'p'.repeat(40),
    PARLEY_MAX_CONNECTIONS: '8',
  }
  expect(load({ environment: both })).toMatchObject({ max_connections: 8, keys: [{ key: 'p'.repeat(40) }] })
})

test('names that another program may have meant are taken, and said', () => {
  const environment = {
    PERFORMANCE_MONITORING: 'false',
    WEBSOCKET_OPTIMIZATION_ENABLED: 'false',
    CONNECTION_POOL_SIZE: '70',
    MESSAGE_QUEUE_SIZE: '500',
  }
  expect(load({ environment })).toMatchObject({
    ...{ metricsEnabled: false, max_connections: 70, compression: { enabled: false } },
    limits: { maxConnections: 70, maxWaitingJobs: 500 },
    warnings: [
      '`max_connections` comes from CONNECTION_POOL_SIZE; if that is for another program, set PARLEY_MAX_CONNECTIONS.',
      '`limits.maxWaitingJobs` comes from MESSAGE_QUEUE_SIZE; if that is for another program, set PARLEY_LIMITS_MAX_WAITING_JOBS.',
    ],
  })
  const own = { PARLEY_MAX_CONNECTIONS: '9', CONNECTION_POOL_SIZE: '7', REACT_APP_PERFORMANCE_TRACKING: 'no' }
  expect(load({ environment: own })).toMatchObject({
    max_connections: 9,
    metricsEnabled: false,
    warnings: [],
  })
})

test('what container platforms and test runs put into the environment is not ours', () => {
  const environment = {
    PARLEY_PORT: 'tcp://10.0.0.1:3001',
    PARLEY_PORT_3001_TCP_ADDR: '10.0.0.1',
    PARLEY_SERVICE_HOST: '10.0.0.1',
    PARLEY_SERVICE_PORT_HTTP: '3001',
    PARLEY_TEST_NO_SKIP: '1',
  }
  expect(load({ environment }).port).toBe(3001)
})

test('each mistake names key, value, what was expected, and where it came from', () => {
  const file = [
    'port: 70000',
    'logLevel: loud',
    'kinds:',
    '  chat:',
    '    durabilty: recent',
    '  live:',
    '    durability: ephemeral',
    '    retention:',
    '      maxEvents: -1',
    'allowedOrigins: [example.org]',
    'tokens: 5',
  ].join('\n')
  expect(
    [
      ...mistakes({
        file,
        environment: { PARLEY_MAX_CONNECTIONS: 'many', PARLEY_HOSTS: 'x', PARLEY_RATES: '{broken' },
        flags: [
          ['debugging', 'maybe'],
          ['dat-dir', '/x'],
        ],
      }),
    ].sort(),
  ).toEqual([
    '- --dat-dir is not a setting; did you mean `--dataDir`? (command line)',
    '- PARLEY_HOSTS is not a setting; did you mean `PARLEY_HOST`? (environment)',
    '- allowedOrigins.0: expected `self`, `*`, or an origin as https://example.org or https://*.example.org, got "example.org". (parley.yaml:10)',
    '- debugging: expected true or false, got "maybe". (flag --debugging)',
    '- kinds.chat.durabilty: unknown key; did you mean `durability`? (parley.yaml:5)',
    '- kinds.live.retention.maxEvents: expected a whole number of at least 0, got -1. (parley.yaml:9)',
    '- logLevel: expected debug, info, warn, error or silent, got "loud". (parley.yaml:2)',
    '- max_connections: expected a whole number from 1 to 1000000, got "many". (environment variable PARLEY_MAX_CONNECTIONS)',
    '- port: expected a whole number from 0 to 65535, got 70000. (parley.yaml:1)',
    '- rates: the text is not valid YAML or JSON. (environment variable PARLEY_RATES)',
    '- tokens: expected a mapping, got 5. (parley.yaml:11)',
  ])
})

test('a combination that cannot work names its kind', () => {
  expect(
    mistakes({ file: 'kinds:\n  live: { durability: ephemeral, slowConsumer: catch_up }\n  Bad: {}\n' }),
  ).toEqual([
    '- kinds.live: Kind `live`: an ephemeral kind has no log to catch up from; use drop_oldest. (parley.yaml:2)',
    '- kinds.Bad: Kind name `Bad`: lower-case letters, digits, - and _, at most 32, beginning with a letter. (parley.yaml:3)',
  ])
  expect(mistakes({ file: 'kinds:\n  chat:\n    authorize: true\n' })).toEqual([
    '- kinds.chat.authorize: the kind asks a webhook; say which one under `authorize`. (parley.yaml:3)',
  ])
})

test('secrets are never shown', () => {
  const file = [
    'apps:',
    '  default:',
    '    keys: [{ algorithm: HS256, key: 12345678 }]',
    '    apiKeys: [{ id: back, secret: hunter2 }, { id: back2, secretHash: nohash }]',
    'authorize: { url: "ftp://x", secret: hunter3 }',
  ].join('\n')
  const said = mistakes({
    file,
    environment: { PARLEY_API_KEY: 'id:hunter4', PARLEY_JWT_SECRET: 'hunter5' },
  }).join('\n')
  expect(said).not.toMatch(/hunter|12345678|nohash/)
  expect(said).toContain(
    'authorize.secret: expected a random secret of 24 characters or more, got [secret of 7 characters]. (parley.yaml:5)',
  )
  expect(said).toContain('authorize.url: expected an http or https URL, got "ftp://x". (parley.yaml:5)')
  expect(said).toContain(
    'apps.default.apiKeys.0.secret: expected a random secret of 24 characters or more, got [secret of 7 characters]. (environment variable PARLEY_API_KEY)',
  )
})

test('production refuses to start without a key, and to offer sign-in by name', () => {
  expect(mistakes({ file: 'profile: production\ndevelopmentSignIn: true\n' })).toEqual([
    '- developmentSignIn: sign-in by name lets anybody be anybody; the production profile refuses it. (parley.yaml:2)',
    '- apps.default.keys: the production profile needs a key that signs tokens; set PARLEY_JWT_SECRET, or list a key under `apps`. (default of the production profile)',
  ])
})

test('a broken, missing or empty file is told apart', () => {
  expect(mistakes({ file: 'port: [1\nhost: x\n' })[0]).toMatch(
    /^- the file is not valid YAML: .* \(parley\.yaml:\d\)$/,
  )
  expect(mistakes({ file: '- port\n' })).toEqual(['- the file is not a mapping of settings. (parley.yaml)'])
  expect(mistakes({ environment: { PARLEY_CONFIG: 'gone.yaml' } })[0]).toMatch(
    /^- the file cannot be read: ENOENT.* \(gone\.yaml\)$/,
  )
  expect(load({ file: '# nothing yet\n' }).port).toBe(3001)
})

test('an unknown profile is a mistake, not a default', () => {
  expect(mistakes({ flags: [['profile', 'prod']] })).toEqual([
    '- profile: expected development, staging or production, got "prod". (flag --profile)',
  ])
  expect(load({ environment: { NODE_ENV: 'test' } }).profile).toBe('development')
})

test('keys come from files too, and app keys are kept as digests', () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-config-'))
  writeFileSync(join(directory, 'public.pem'), 'PEM\n')
  writeFileSync(
    join(directory, 'other.yaml'),
    'apps:\n  shop:\n    keys: [{ algorithm: RS256, keyFile: public.pem, kid: k1 }]\n    apiKeys: [{ id: back, secret: 0123456789abcdefghijklmn }]\n',
  )
  const config = loadConfig({ directory, environment: {}, flags: [['config', 'other.yaml']] })
  expect(config.apps).toEqual(['default', 'shop'])
  expect(config.keys).toEqual([{ app: 'shop', algorithm: 'RS256', key: 'PEM', kid: 'k1' }])
  expect(config.apiKeys[0]?.secretHash).toMatch(/^[0-9a-f]{64}$/)
  expect(JSON.stringify(config)).not.toContain('0123456789abcdefghijklmn')
})

test('keys that are given twice or by halves are mistakes', () => {
  const file = [
    'apps:',
    '  default:',
    '    keys: [{ algorithm: RS256 }, { algorithm: RS256, keyFile: gone.pem }]',
    '    apiKeys:',
    `      - { id: a, secretHash: ${'a'.repeat(64)} }`,
    `      - { id: a, secretHash: ${'b'.repeat(64)} }`,
    '      - { id: b }',
  ].join('\n')
  expect(mistakes({ file }).map((line) => line.replace(/ENOENT.*(?=\. \()/, 'ENOENT'))).toEqual([
    '- apps.default.keys.0: expected either `key` or `keyFile`. (parley.yaml:3)',
    '- apps.default.keys.1.keyFile: the file cannot be read: ENOENT. (parley.yaml:3)',
    '- apps.default.apiKeys.1.id: the id `a` is taken by another app key. (parley.yaml:6)',
    '- apps.default.apiKeys.2: expected either `secret` or `secretHash`. (parley.yaml:7)',
  ])
})

test('things that somebody may not have meant are said', () => {
  const { warnings } = load({
    flags: [
      ['profile', 'staging'],
      ['storage-provider', 'memory'],
      ['development-sign-in', 'true'],
    ],
  })
  expect(warnings).toEqual([
    'Everything is kept in memory: it is gone when the server stops.',
    'No kind of channels is configured: declare one under `kinds`.',
    'Whoever reaches 0.0.0.0 may sign in as anybody: `developmentSignIn` is on.',
  ])
})

test('files are kept on the disk, or where it says', () => {
  expect(load().files).toMatchObject({ store: 'disk', maxFileBytes: 104_857_600, accept: ['*/*'] })
  const s3 = { endpoint: 'https://s3.example', bucket: 'files', accessKeyId: 'id', secretAccessKey: secret }
  const file = JSON.stringify({ files: { store: 's3', s3, maxFileBytes: 1_000 } })
  expect(load({ file }).files).toMatchObject({ store: 's3', s3, maxFileBytes: 1_000, thumbnails: true })
  expect(mistakes({ file: 'files: { store: s3, userQuotaBytes: 5 }' })).toEqual([
    expect.stringMatching(/files\.s3.*say where/),
    expect.stringMatching(/files\.userQuotaBytes.*no room for one file/),
  ])
  const wrong = { files: { s3: { ...s3, secretAccessKey: 5, accessKeyId: 'i'.repeat(300) } } }
  expect(mistakes({ file: JSON.stringify(wrong) }).join('\n')).not.toContain('iii')
})

test('the groups hold every feature flag of the node, and limits every limit', () => {
  expect(Object.values(flagGroups).flat().sort()).toEqual(Object.keys(flagDefaults).sort())
  const all = Object.fromEntries(Object.keys(limitDefaults).map((name) => [name, 1]))
  expect(Object.keys(load({ environment: { PARLEY_LIMITS: JSON.stringify(all) } }).limits).sort()).toEqual(
    Object.keys(limitDefaults).sort(),
  )
})
