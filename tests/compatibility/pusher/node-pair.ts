import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, connect as dial, type Server } from 'node:net'
import { fastifyHttp } from '@parley/adapters/http/fastify'
import { prometheusMetrics } from '@parley/adapters/metrics/prometheus'
import { systemClock } from '@parley/adapters/system-clock'
import { jwtAuthenticator } from '@parley/adapters/token/jwt'
import { kindNames, pusherTransport } from '@parley/adapters/transport/pusher'
import { pusherWebhook } from '@parley/adapters/webhook/pusher'
import { type Clock, createNode, type Node } from '@parley/kernel'
import { MemoryDisk, memoryCluster, memoryRecentLog, memoryStore, silentLogger } from '@parley/kernel/memory'
import { channelsModule, pusherModule } from '@parley/modules'
import type PusherServer from 'pusher'
import { backEnd, keys } from './clients.ts'
import { type WebhookListener, webhookListener } from './webhook-listener.ts'

/** Two nodes over one store and one broker, in this process, and a balancer in front. */
export interface NodePair {
  readonly urls: readonly [string, string]
  readonly backEnds: readonly [PusherServer, PusherServer]
  /** Leads to the first node that takes connections. */
  readonly proxyUrl: string
  readonly webhooks: WebhookListener
  stop(index: 0 | 1): Promise<void>
  close(): Promise<void>
}

interface PairNode {
  readonly url: string
  stop(): Promise<void>
}

export async function nodePair(): Promise<NodePair> {
  const clock = systemClock()
  const webhooks = await webhookListener()
  const disk = new MemoryDisk(clock.secret(128))
  const lines = memoryCluster({ clock })
  const recentLog = memoryRecentLog({ clock, isShared: true })
  const make = () =>
    pairNode({
      ...{ clock, recentLog, webhooks },
      store: memoryStore({ clock, disk }),
      broker: lines.broker(),
    })
  const nodes = [await make(), await make()] as const
  const urls = [nodes[0].url, nodes[1].url] as const
  const { proxy, proxyUrl } = await balancer(urls)
  return {
    ...{ urls, proxyUrl, webhooks },
    backEnds: [backEnd(urls[0]), backEnd(urls[1])],
    stop: (index) => nodes[index].stop(),
    close: async () => {
      for (const node of nodes) await node.stop()
      webhooks.close()
      proxy.close()
    },
  }
}

type Shared = Pick<Parameters<typeof createNode>[0], 'recentLog' | 'store' | 'broker'>

async function pairNode(
  shared: Required<Shared> & { readonly clock: Clock; readonly webhooks: WebhookListener },
): Promise<PairNode> {
  const { clock, webhooks, ...parts } = shared
  const metrics = prometheusMetrics()
  const http = fastifyHttp({ port: 0, logger: silentLogger })
  const module = pusherModule({
    webhooks: [{ app: 'default', url: webhooks.url }],
    send: pusherWebhook({ keyOf: () => keys.default }),
    ...{ vacatedDelayMs: 300, nodes: () => transport.nodes },
  })
  const transport = pusherTransport({
    ...{
      http,
      server: http.server,
      clock,
      logger: silentLogger,
      metrics,
      keys: [keys.default],
      hub: module.desk,
    },
  })
  const kinds = Object.fromEntries(
    Object.values(kindNames).map((kind) => [kind, { durability: 'recent' as const }]),
  )
  const node: Node = createNode({
    ...{ ...parts, clock, metrics, logger: silentLogger, transports: [transport] },
    authenticator: await jwtAuthenticator({ clock, keys: [] }),
    modules: [channelsModule({ kinds }), module],
  })
  await node.start()
  const url = await http.listen()
  let stopped: Promise<void> | undefined
  const stop = async () => {
    await node.stop({ graceMs: 10_000, windowMs: 100 })
    await http.close()
  }
  return { url, stop: () => (stopped ??= stop()) }
}

async function balancer(
  urls: readonly string[],
): Promise<{ readonly proxy: Server; readonly proxyUrl: string }> {
  const ports = urls.map((url) => Number(new URL(url).port))
  const proxy = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    const attempt = ([port, ...others]: readonly number[]) => {
      if (port === undefined) {
        socket.destroy()
        return
      }
      const behind = dial(port, '127.0.0.1', () => {
        socket.pipe(behind).pipe(socket)
        behind.on('close', () => socket.destroy())
        socket.on('close', () => behind.destroy())
      })
      behind.on('error', () => (behind.connecting || socket.bytesWritten === 0 ? attempt(others) : undefined))
    }
    attempt(ports)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return { proxy, proxyUrl: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` }
}
