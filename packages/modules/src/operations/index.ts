import {
  defineKind,
  implement,
  type Kind,
  type Module,
  type ModuleServices,
  type ProcessFigures,
  type Vitals,
} from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { operations } from './contract.ts'
import { Feed } from './feed.ts'
import { type OperationsParts, operationsHandlers } from './handlers.ts'
import { type KeySummary, operationsKind, type Setting } from './model.ts'

/** How long the process is looked at for an answer. */
const glanceMs = 100

export interface OperationsOptions {
  /** Of the server. */
  readonly version: string
  readonly vitals: Vitals
  /** The settings in force; secrets are taken out by who gives them. */
  readonly settings?: readonly Setting[]
  readonly keys?: readonly KeySummary[]
  /** Connections that the node takes at most. */
  readonly maxConnections: number
  /** Whether figures and frames may be looked at; default true. */
  readonly isMonitored?: boolean
}

/** Module `operations`: what a server is doing, for who runs it. It costs nothing while nobody looks. */
export function operationsModule(options: OperationsOptions): Module {
  const { version, vitals, settings = [], keys = [], maxConnections } = options
  let running: { readonly parts: OperationsParts; readonly feed: Feed } | undefined
  const parts = () => {
    if (running === undefined) throw new ParleyError('unavailable', 'The node is starting. Try again.')
    return running.parts
  }
  return implement(operations, {
    kinds: [kindOf(() => running?.feed, options.isMonitored ?? true)],
    handlers: operationsHandlers(parts),
    start: (services) => {
      const process = () => glance(vitals, services)
      running = {
        parts: { services, version, settings, keys, maxConnections, process },
        feed: new Feed(services, vitals),
      }
    },
    stop: () => {
      running?.feed.stop()
      running = undefined
    },
  })
}

/** How the process is in a moment of `glanceMs`. */
async function glance(vitals: Vitals, { clock }: ModuleServices): Promise<ProcessFigures> {
  const watch = vitals.watch()
  await new Promise<void>((resolve) => clock.after(glanceMs, resolve))
  const figures = watch.read()
  watch.stop()
  return figures
}

function kindOf(feed: () => Feed | undefined, isMonitored: boolean): Kind {
  return defineKind('operations', operationsKind, {
    durability: 'ephemeral',
    presence: false,
    filters: false,
    lane: 'low',
    access: { read: 'operator', write: 'backend', presence: 'backend', manage: 'operator' },
    limits: { maxEventBytes: 1_048_576 },
    audience: {
      arriving: (app, channel) => {
        if (!isMonitored)
          throw new ParleyError(
            'disabled',
            'The setting `monitoring` is off. Set it, and start the node anew.',
          )
        feed()?.begin(app, channel)
      },
      gone: (_app, channel) => feed()?.end(channel),
    },
  })
}
