import { implement, type Kind, type Module, type ModuleServices } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { sockets as contract } from './contract.ts'

/** Small records that transports keep for clients that may come back, over restarts and for all nodes. */
export interface SocketRecords {
  /**
   * Fulfilled when the record is stored.
   *
   * @throws ParleyError `unavailable` before the node has started
   */
  put(key: string, value: string, expiresAt: number): Promise<void>
  find(key: string): Promise<string | undefined>
}

export interface SocketsModule extends Module {
  readonly records: SocketRecords
}

const table = 'sockets'
const app = 'default'

export interface SocketsOptions {
  /** Kinds of channels that servers of other protocols use for their rooms. */
  readonly kinds?: readonly Kind[]
  /** The node has started: a server that lives in its process may use it from here on. */
  readonly started?: (services: ModuleServices) => void
}

/** Module `sockets`: keeps what a client of another protocol is to find again when it comes back. */
export function socketsModule({ kinds = [], started }: SocketsOptions = {}): SocketsModule {
  let services: ModuleServices | undefined
  const running = () => {
    if (services === undefined) throw new ParleyError('unavailable', 'The node has not started.')
    return services
  }
  const module = implement(contract, {
    kinds,
    handlers: {},
    start: (given) => {
      services = given
      started?.(given)
    },
  })
  return {
    ...module,
    records: {
      put: async (key, value, expiresAt) =>
        // One after the other, so that the newest stays.
        running().run(app, (ctx) => ctx.write({ table, key, value, expiresAt }), {
          order: `${table}/${key}`,
        }),
      find: async (key) => (await running().record(app, table, key))?.value,
    },
  }
}
