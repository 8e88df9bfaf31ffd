import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { FlagName, Limits, Rates } from '@parley/kernel'
import { ConfigurationError, sourceOf } from './check.ts'
import { explainLayers, type Setting } from './explain.ts'
import { type KeyInForce, keysInForce } from './keys-in-force.ts'
import { type Layer, type Mistake, variableOf } from './layers.ts'
import type { Settings } from './schema.ts'

/** A key that signs tokens of an app. */
export interface ConfiguredKey {
  readonly app: string
  readonly algorithm: 'HS256' | 'RS256' | 'EdDSA'
  readonly key: string
  readonly kid?: string | undefined
}

/** A key of a back end; of its secret only the digest is kept. */
export interface ConfiguredApiKey {
  readonly app: string
  readonly id: string
  readonly secretHash: string
  readonly capabilities?: Readonly<Record<string, readonly string[]>> | undefined
}

/** What a server is started with: the settings, checked and in the form in which its parts take them. */
export interface Config extends Omit<Settings, 'apps' | 'flags' | 'limits' | 'rates'> {
  /** Absolute. */
  readonly dataDir: string
  readonly apps: readonly string[]
  readonly keys: readonly ConfiguredKey[]
  readonly apiKeys: readonly ConfiguredApiKey[]
  /**
   * Those whose secret is known and that may do everything: clients and back ends of Pusher sign with it. A function, so that
   * it is in no text that somebody makes of the configuration.
   */
  readonly pusherKeys: readonly { readonly app: string; readonly id: string; secret(): string }[]
  readonly flags: Readonly<Partial<Record<FlagName, boolean>>>
  readonly limits: Partial<Limits>
  readonly rates: Partial<Rates>
  /** Every setting with its source, without secrets. */
  readonly settingsInForce: readonly Setting[]
  readonly keysInForce: readonly KeyInForce[]
  /** Things that work and that somebody may not have meant. */
  readonly warnings: readonly string[]
}

/**
 * Reads key files, and checks what one setting means for another.
 *
 * @throws ConfigurationError
 */
export function resolveSettings(settings: Settings, layers: readonly Layer[], directory: string): Config {
  const mistakes: Mistake[] = []
  const mistake = (path: readonly PropertyKey[], problem: string) => {
    mistakes.push({ key: path.join('.'), problem, source: sourceOf(layers, path) })
  }
  const keys = readKeys(settings, directory, mistake)
  const apiKeys = readApiKeys(settings, mistake)
  checkProfile(settings, mistake)
  checkKinds(settings, mistake)
  checkFiles(settings, mistake)
  checkPusher(settings, mistake)
  if (mistakes.length > 0) throw new ConfigurationError(mistakes)
  const { apps, flags, limits, rates, ...rest } = settings
  return {
    ...rest,
    ...{ keys, apiKeys, pusherKeys: pusherKeysOf(settings) },
    metricsEnabled: settings.metricsEnabled && settings.monitoring,
    dataDir: resolve(directory, settings.dataDir),
    ...(settings.tls === undefined ? {} : { tls: resolveFiles(settings.tls, directory) }),
    apps: [...new Set(['default', ...Object.keys(apps)])],
    flags: flagsOf(settings),
    limits: { maxConnections: settings.max_connections, ...defined(limits) },
    rates: defined(rates),
    settingsInForce: explainLayers(layers),
    keysInForce: keysInForce(settings, layers),
    warnings: [...warningsOf(settings), ...borrowedNames(layers)],
  }
}

function resolveFiles({ certFile, keyFile }: NonNullable<Settings['tls']>, directory: string): Config['tls'] {
  return { certFile: resolve(directory, certFile), keyFile: resolve(directory, keyFile) }
}

type Report = (path: readonly PropertyKey[], problem: string) => void

function readKeys({ apps }: Settings, directory: string, mistake: Report): readonly ConfiguredKey[] {
  return Object.entries(apps).flatMap(([app, { keys = [] }]) =>
    keys.flatMap(({ algorithm, key, keyFile, kid }, index) => {
      const path = ['apps', app, 'keys', index]
      if ((key === undefined) === (keyFile === undefined)) {
        mistake(path, 'expected either `key` or `keyFile`')
        return []
      }
      try {
        const text = key ?? readFileSync(resolve(directory, keyFile as string), 'utf8').trim()
        return [{ app, algorithm, key: text, kid }]
      } catch (error) {
        mistake([...path, 'keyFile'], `the file cannot be read: ${(error as Error).message}`)
        return []
      }
    }),
  )
}

function readApiKeys({ apps }: Settings, mistake: Report): readonly ConfiguredApiKey[] {
  const ids = new Set<string>()
  return Object.entries(apps).flatMap(([app, { apiKeys = [] }]) =>
    apiKeys.flatMap(({ id, secret, secretHash, capabilities }, index) => {
      const path = ['apps', app, 'apiKeys', index]
      if (ids.has(id)) mistake([...path, 'id'], `the id \`${id}\` is taken by another app key`)
      ids.add(id)
      if ((secret === undefined) === (secretHash === undefined)) {
        mistake(path, 'expected either `secret` or `secretHash`')
        return []
      }
      return [{ app, id, secretHash: secretHash ?? sha256(secret as string), capabilities }]
    }),
  )
}

function pusherKeysOf({ apps }: Settings): Config['pusherKeys'] {
  return Object.entries(apps).flatMap(([app, { apiKeys = [] }]) =>
    apiKeys.flatMap(({ id, secret, capabilities }) =>
      secret === undefined || capabilities !== undefined ? [] : [{ app, id, secret: () => secret }],
    ),
  )
}

function checkPusher({ apps, pusher }: Settings, mistake: Report): void {
  for (const [index, { app }] of pusher.webhooks.entries())
    if (app !== 'default' && apps[app] === undefined)
      mistake(['pusher', 'webhooks', index, 'app'], `there is no app \`${app}\` under \`apps\``)
}

function checkProfile({ profile, developmentSignIn, apps }: Settings, mistake: Report): void {
  if (profile !== 'production') return
  if (developmentSignIn)
    mistake(
      ['developmentSignIn'],
      'sign-in by name lets anybody be anybody; the production profile refuses it',
    )
  if (!Object.values(apps).some((app) => (app.keys ?? []).length > 0))
    mistake(
      ['apps', 'default', 'keys'],
      'the production profile needs a key that signs tokens; set PARLEY_JWT_SECRET, or list a key under `apps`',
    )
}

function checkKinds({ kinds, authorize }: Settings, mistake: Report): void {
  for (const [name, kind] of Object.entries(kinds))
    if (kind.authorize === true && authorize === undefined)
      mistake(['kinds', name, 'authorize'], 'the kind asks a webhook; say which one under `authorize`')
}

function checkFiles({ files }: Settings, mistake: Report): void {
  if (files.store === 's3' && files.s3 === undefined)
    mistake(['files', 's3'], 'files are to be kept in S3; say where: `endpoint`, `bucket` and an access key')
  if (files.userQuotaBytes > 0 && files.userQuotaBytes < files.maxFileBytes)
    mistake(
      ['files', 'userQuotaBytes'],
      'the quota of a user has no room for one file of `files.maxFileBytes`',
    )
}

// Encryption of events follows the security level, unless it is set.
function flagsOf({ flags, security_level }: Settings): Config['flags'] {
  return {
    eventEncryption: security_level === 'maximum',
    ...defined({
      ...flags.coreFeatures,
      ...flags.advancedFeatures,
      ...flags.performanceFeatures,
      ...flags.securityFeatures,
    }),
  }
}

const loopback = /^(localhost|127(\.\d+){3}|::1|\[::1\])$/

function warningsOf({
  profile,
  storageProvider,
  kinds,
  developmentSignIn,
  host,
}: Settings): readonly string[] {
  return [
    ...(storageProvider === 'memory' && profile !== 'development'
      ? ['Everything is kept in memory: it is gone when the server stops.']
      : []),
    ...(Object.keys(kinds).length === 0
      ? ['No kind of channels is configured: declare one under `kinds`.']
      : []),
    ...(developmentSignIn && !loopback.test(host)
      ? [`Whoever reaches ${host} may sign in as anybody: \`developmentSignIn\` is on.`]
      : []),
  ]
}

/** Variables of this server that may as well be meant for another program on the machine. */
const commonNames: readonly (readonly [variable: string, path: readonly string[]])[] = [
  ['CONNECTION_POOL_SIZE', ['max_connections']],
  ['MESSAGE_QUEUE_SIZE', ['limits', 'maxWaitingJobs']],
]

function borrowedNames(layers: readonly Layer[]): readonly string[] {
  return commonNames
    .filter(([variable, path]) => sourceOf(layers, path) === `environment variable ${variable}`)
    .map(
      ([variable, path]) =>
        `\`${path.join('.')}\` comes from ${variable}; if that is for another program, set ${variableOf(path)}.`,
    )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}
