import { type ClientTransport, websocketTransport } from '@parley/client'
import { httpStreamTransport, pollingTransport, sseTransport } from '@parley/client/transports'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { LeanWebSocket } from './actors/lean-websocket.ts'

const transports = {
  websocket: () => websocketTransport(),
  sse: () => sseTransport(),
  'http-stream': () => httpStreamTransport(),
  polling: () => pollingTransport(),
} satisfies Readonly<Record<string, () => ClientTransport>>

export type TransportName = keyof typeof transports

export const transportNames = Object.keys(transports) as readonly TransportName[]

/** A transport as applications use it. */
export function transportOf(name: TransportName): ClientTransport {
  return transports[name]()
}

/** The way of the crowd to the server, on which all can be cut off at once. */
export interface CrowdLine {
  readonly url: string
  readonly transport: ClientTransport
  reset(): void
  close(): Promise<void>
}

/** As cheap as can be: where there are thousands of clients, theirs is most of the work. */
export async function crowdLine(name: TransportName, port: number): Promise<CrowdLine> {
  if (name === 'websocket') {
    const transport = new LeanWebSocket()
    const close = () => Promise.resolve()
    return { url: `http://127.0.0.1:${port}`, transport, reset: () => transport.reset(), close }
  }
  const proxy = await FaultProxy.to(port)
  const { url } = proxy
  return { url, transport: transportOf(name), reset: () => proxy.reset(), close: () => proxy.close() }
}
