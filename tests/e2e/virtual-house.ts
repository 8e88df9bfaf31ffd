import { type ClientOptions, type ClientTransport, createClient, type LinkHandlers } from '@parley/client'
import { type Authenticator, createNode, type Node } from '@parley/kernel'
import {
  type MemoryClient,
  type MemoryDisk,
  type MemoryStore,
  type MemoryTransport,
  memoryMetrics,
  memoryRecentLog,
  memoryStore,
  memoryTransport,
  silentLogger,
} from '@parley/kernel/memory'
import { VirtualClock } from '@parley/kernel/testing'
import { channelsModule } from '@parley/modules'
import { ParleyError } from '@parley/protocol'

/** Tokens are `<user>`, or `<user>|<expiresAt>`. */
function authenticator(clock: VirtualClock): Authenticator {
  return {
    authenticate({ token }) {
      const [user = '', expiresAt] = token.split('|')
      if (expiresAt !== undefined && Number(expiresAt) <= clock.now())
        return Promise.reject(new ParleyError('token_expired'))
      return Promise.resolve({
        app: 'default',
        user,
        role: 'user',
        grants: [{ pattern: '*', actions: ['*'] }],
        ...(expiresAt === undefined ? {} : { expiresAt: Number(expiresAt) }),
      })
    },
  }
}

/** A server of real parts that can be killed, and real clients, on one virtual clock. */
export class VirtualHouse {
  readonly clock: VirtualClock
  readonly #links = new Set<{ readonly end: MemoryClient; readonly handlers: LinkHandlers }>()
  #disk: MemoryDisk | undefined
  #store: MemoryStore | undefined
  #transport: MemoryTransport | undefined
  node: Node | undefined

  /** Connections that neither end has closed. */
  get openLinks(): number {
    return this.#links.size
  }

  constructor(seed: number) {
    this.clock = new VirtualClock({ seed })
  }

  async start(): Promise<void> {
    const { clock } = this
    const commitMs = (): number => 1 + clock.random() * 4
    this.#store = memoryStore({ clock, commitMs, ...(this.#disk === undefined ? {} : { disk: this.#disk }) })
    this.#disk = this.#store.disk
    this.#transport = memoryTransport({ clock, latencyMs: () => 1 + clock.random() * 9 })
    this.node = createNode({
      store: this.#store,
      recentLog: memoryRecentLog({ clock }),
      authenticator: authenticator(clock),
      transports: [this.#transport],
      modules: [
        channelsModule({
          kinds: {
            room: { durability: 'durable' },
            tick: { durability: 'recent' },
            wave: { durability: 'ephemeral' },
          },
        }),
      ],
      clock,
      logger: silentLogger,
      metrics: memoryMetrics(),
    })
    await this.node.start()
  }

  /** As `kill -9` does: what is not on disk is lost, connections break, nobody is told. */
  kill(): void {
    this.#store?.crash()
    this.#transport = undefined
    this.cutAll()
  }

  /** Breaks every connection. */
  cutAll(): void {
    for (const link of [...this.#links]) link.end.drop()
  }

  /** Breaks one connection at random. */
  cutOne(): void {
    const links = [...this.#links]
    links[Math.floor(this.clock.random() * links.length)]?.end.drop()
  }

  client(user: string, options: Partial<ClientOptions> = {}) {
    return createClient({
      url: 'memory:',
      token: user,
      transport: this.#clientTransport(),
      clock: this.clock,
      network: { online: () => true, watch: () => () => undefined },
      reconnect: { baseMs: 100, capMs: 1_000 },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
      ...options,
    })
  }

  #clientTransport(): ClientTransport {
    return {
      name: 'memory',
      open: (_url, handlers) => {
        let end: MemoryClient | undefined
        try {
          end = this.#transport?.connect()
        } catch {
          end = undefined
        }
        if (end === undefined) {
          this.clock.after(1, () => handlers.closed(1006, 'refused'))
          return { bufferedBytes: 0, send: () => undefined, close: () => undefined }
        }
        const link = { end, handlers }
        let isOver = false
        this.#links.add(link)
        end.onMessage = (text) => {
          if (!isOver) handlers.received(text)
        }
        end.onClose = (code, reason) => {
          this.#links.delete(link)
          if (!isOver) handlers.closed(code, reason)
          isOver = true
        }
        this.clock.after(1, () => {
          if (!isOver) handlers.opened()
        })
        return {
          bufferedBytes: 0,
          send: (text) => end.send(text),
          close: (code, reason) => {
            isOver = true
            this.#links.delete(link)
            end.close(code, reason)
          },
        }
      },
    }
  }
}
