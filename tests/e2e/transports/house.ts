import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { systemClock } from '@parley/adapters/system-clock'
import { httpTransport } from '@parley/adapters/transport/http'
import { websocketTransport } from '@parley/adapters/transport/websocket'
import { type Authenticator, createNode, type Node, type NodeOptions } from '@parley/kernel'
import {
  type MemoryCluster,
  MemoryDisk,
  memoryCluster,
  memoryMetrics,
  memoryRecentLog,
  memoryStore,
  silentLogger,
} from '@parley/kernel/memory'
import { channelsModule } from '@parley/modules'

const clock = systemClock()
const off = { perSecond: 0, burst: 0 }

/** Tokens are names of users. */
const authenticator: Authenticator = {
  async authenticate({ token }) {
    return { app: 'default', user: token, role: 'user', grants: [{ pattern: '*', actions: ['*'] }] }
  },
}

/** A node on a port of its own. */
export interface HouseNode {
  readonly node: Node
  readonly port: number
  readonly server: Server
  /** Stops as a node should, telling its clients to go elsewhere. */
  stop(): Promise<void>
  /** Ends without a word: connections break, and the others hear nothing. */
  kill(): Promise<void>
}

export interface HouseOptions {
  readonly nodes?: number
  readonly limits?: NodeOptions['limits']
  readonly trustedProxies?: number
  readonly absenceMs?: number
}

/** Nodes in this process that share log, recent log and broker, each on a port of its own. */
export class House {
  readonly nodes: HouseNode[] = []
  readonly #disk = new MemoryDisk(clock.secret(128))
  readonly #recentLog = memoryRecentLog({ clock, isShared: true })
  readonly #lines: MemoryCluster = memoryCluster({ clock })
  readonly #options: HouseOptions

  private constructor(options: HouseOptions) {
    this.#options = options
  }

  static async open(options: HouseOptions = {}): Promise<House> {
    const house = new House(options)
    for (let count = options.nodes ?? 2; count > 0; count--) await house.add()
    return house
  }

  async add(port = 0): Promise<HouseNode> {
    const server = createServer((request, response) => {
      if (overHttp.handle(request, response)) return
      response.writeHead(request.url === '/ready' && node.status().ready ? 200 : 503).end()
    })
    const limits = this.#options.limits ?? {}
    const metrics = memoryMetrics()
    const shared = {
      ...{ logger: silentLogger, metrics, allowedOrigins: ['*'], closeTimeoutMs: 500 },
      limits: { maxFrameBytes: 65_536 },
      trustedProxies: this.#options.trustedProxies ?? 0,
    }
    const overHttp = httpTransport({ ...shared, clock, absenceMs: this.#options.absenceMs ?? 2_000 })
    const store = memoryStore({ clock, disk: this.#disk })
    const node = createNode({
      ...{ store, authenticator, clock, metrics, limits, logger: silentLogger },
      recentLog: this.#recentLog,
      broker: this.#lines.broker(),
      transports: [websocketTransport({ ...shared, server }), overHttp],
      modules: [
        channelsModule({ kinds: { room: { durability: 'durable' }, tick: { durability: 'recent' } } }),
      ],
      rates: { connection: off, user: off, ip: off, connectPerIp: off },
    })
    await node.start()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const sockets = new Set<Socket>()
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
    const close = async () => {
      for (const socket of sockets) socket.destroy()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    }
    const made: HouseNode = {
      ...{ node, server, port: (server.address() as AddressInfo).port },
      stop: async () => {
        this.#forget(made)
        await node.stop({ graceMs: 2_000 })
        await close()
      },
      kill: async () => {
        this.#forget(made)
        this.#lines.lose(node.id)
        store.crash()
        await close()
      },
    }
    this.nodes.push(made)
    return made
  }

  #forget(node: HouseNode): void {
    const index = this.nodes.indexOf(node)
    if (index >= 0) this.nodes.splice(index, 1)
  }

  async close(): Promise<void> {
    for (const node of [...this.nodes]) await node.stop()
  }
}
