import type { Server } from 'node:http'
import type { Identity, Logger, Module, Node } from '@parley/kernel'
import { startServer } from '../compose.ts'
import { type Config, ConfigurationError, configOf, type Settings } from '../config.ts'
import { processLogger } from '../logger.ts'
import type { RealtimeManager } from './realtime-manager.ts'

export { ConfigurationError } from '../config.ts'
export type { AnyConnection, SocketLike } from './carrier.ts'
export type { MessagePriority, RealtimeMessage } from './message.ts'
export type { RealtimeManagerOptions } from './options.ts'
export { type ManagerMetrics, RealtimeManager } from './realtime-manager.ts'

/** Settings as in `parley.yaml`; what is left out has the default of the profile, and fewer things are on. */
export type EmbeddedSettings = {
  readonly [Name in keyof Omit<Settings, NotHere>]?: Partially<Settings[Name]>
}

type NotHere = 'host' | 'port' | 'tls'
type Partially<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]?: Partially<Value[Key]> }
    : Value

export interface EmbedOptions {
  /** The HTTP server of the application: of `node:http` or `node:https`. It may listen already. */
  readonly server: Server
  readonly settings?: EmbeddedSettings
  /** Whether the REST API (`/api/…`, `/docs/api`) is served; default true. */
  readonly rest?: boolean
  /** Whether `/health` and `/ready` are served; default false: the application has its own. */
  readonly health?: boolean
  /** Connections that the application opens itself, and rooms that clients of Parley hear too. */
  readonly manager?: RealtimeManager
  /** Modules of the application, beside those of Parley. */
  readonly modules?: readonly Module[]
  /** Default: lines on stderr or stdout, as `logLevel` and `logFormat` say. */
  readonly logger?: Logger
}

/** Parley inside an HTTP server of an application. */
export interface EmbeddedServer {
  readonly node: Node
  /**
   * Runs a command as a back end that may do everything in an app.
   *
   * @param options `app` is `default` where none is given; `key` makes repeats safe
   * @throws ParleyError as the contract of the command says
   */
  call(
    command: string,
    input: unknown,
    options?: { readonly app?: string; readonly key?: string },
  ): Promise<unknown>
  /** Tells clients to go, finishes what was accepted, and leaves the HTTP server as it was. Closing that one does the same. */
  close(): Promise<void>
}

/** What an application is given no port for: its own server has one. */
const notHere: Readonly<Record<NotHere, string>> = {
  host: 'the application listens',
  port: 'the application listens',
  tls: 'the certificate is that of the server of the application',
}

const defaults = {
  logLevel: 'warn',
  developmentSignIn: false,
  metricsEnabled: false,
  socketIo: { enabled: false },
} as const

const source = 'settings of createServer'

/**
 * Starts Parley on an HTTP server that stands, that of Node, Express, Fastify or Next: it answers its own paths, and leaves all
 * other requests and upgrades to the handlers of the application.
 *
 * @throws ConfigurationError that names every mistake, Error when a part cannot start; the HTTP server is then as it was
 */
export async function createServer(options: EmbedOptions): Promise<EmbeddedServer> {
  const config = configFor(options)
  const logger = options.logger ?? processLogger(config)
  for (const warning of config.warnings) logger.warn(warning)
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= running.close()
    return closing
  }
  const managed = options.manager?.joinServer()
  const running = await startServer(config, logger, {
    server: options.server,
    rest: options.rest ?? true,
    health: options.health ?? false,
    modules: [...(options.modules ?? []), ...(managed === undefined ? [] : [managed.module])],
    transports: managed === undefined ? [] : [managed.transport],
    authenticatorOver: (ours) => managed?.authenticatorOver(ours) ?? ours,
    closing: () =>
      void close().catch((error: unknown) => logger.error('Parley did not stop cleanly.', { error })),
  })
  const { node } = running
  return {
    ...{ node, close },
    call: async (command, input, { app = 'default', key } = {}) =>
      node.call(backEnd(config, app), command, input, key === undefined ? {} : { key }),
  }
}

function configFor({ server, settings = {} }: EmbedOptions): Config {
  const mistakes = Object.entries(notHere)
    .filter(([key]) => Object.hasOwn(settings, key))
    .map(([key, why]) => ({ key, problem: `leave it out: ${why}`, source }))
  if (typeof (server as Partial<Server> | undefined)?.listen !== 'function')
    mistakes.unshift({
      key: 'server',
      problem:
        'expected an HTTP server, as `createServer()` of node:http makes; of Express, what `app.listen()` returns; of Fastify, `app.server`',
      source: 'options of createServer',
    })
  if (mistakes.length > 0) throw new ConfigurationError(mistakes)
  const config = configOf(settings, defaults, source)
  if (config.keys.length > 0 || config.developmentSignIn) return config
  throw new ConfigurationError([
    {
      key: 'apps.default.keys',
      problem:
        'nobody could connect: give a key that signs tokens, as `{ algorithm: "HS256", key }`, or `developmentSignIn: true` while you develop',
      source,
    },
  ])
}

function backEnd({ apps }: Config, app: string): Identity {
  if (!apps.includes(app))
    throw new RangeError(`There is no app \`${app}\`. Name it under \`apps\` in the settings.`)
  return { app, role: 'backend', grants: [{ pattern: '*', actions: ['*'] }] }
}
