import { type AuthorizeRequest, Flags, implement, type Module } from '@parley/kernel'
import { channels } from './contract.ts'
import { channelsHandlers } from './handlers.ts'
import { type KindSettings, toKind } from './kind-options.ts'

export { type KindSettings, kindOptionsSchema, kindsSchema } from './kind-options.ts'

export interface ChannelsOptions {
  /** Kinds by name, as the configuration declares them. */
  readonly kinds?: Readonly<Record<string, KindSettings>>
  /** Answers for kinds that say `authorize: true`. */
  readonly authorize?: (request: AuthorizeRequest) => Promise<boolean>
  /** Those of the node; without them everything is on. */
  readonly flags?: Flags
}

/**
 * Module `channels`.
 *
 * @throws RangeError for a kind that cannot work, or that asks a webhook which is not configured
 */
export function channelsModule(options: ChannelsOptions = {}): Module {
  const settings = Object.entries(options.kinds ?? {})
  const asking = settings.find(([, kind]) => kind.authorize === true)
  if (asking !== undefined && options.authorize === undefined)
    throw new RangeError(`Kind \`${asking[0]}\` has \`authorize: true\`, but no webhook is configured.`)
  const { flags = Flags.allOn() } = options
  let modules: ReadonlySet<string> = new Set([channels.name])
  return implement(channels, {
    kinds: settings.map(([name, kind]) => toKind(name, kind, options.authorize)),
    handlers: channelsHandlers(() => modules, flags),
    start: (services) => {
      modules = new Set(services.modules)
    },
  })
}
