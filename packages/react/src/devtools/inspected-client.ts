import {
  type Client,
  type ClientOptions,
  type ClientTransport,
  createClient,
  websocketTransport,
} from '@parley/client'
import { Inspector } from './inspector.ts'

const inspectors = new WeakMap<Client, Inspector>()

/** The inspector of a client that was made by {@link inspectedClient}. */
export function inspectorOf(client: Client): Inspector | undefined {
  return inspectors.get(client)
}

/** As `createClient`, with everything recorded that {@link Devtools} shows. For development: frames are kept in memory. */
export function inspectedClient(options: ClientOptions): Client {
  const inspector = new Inspector()
  const transport = options.transport ?? websocketTransport(options.WebSocket)
  const client = createClient({ ...options, transport: watched(transport, inspector) })
  inspector.attach(client)
  inspectors.set(client, inspector)
  return client
}

function watched(inner: ClientTransport, inspector: Inspector): ClientTransport {
  return {
    get name() {
      return inner.name
    },
    open(url, handlers) {
      const link = inner.open(url, {
        opened: () => handlers.opened(),
        received: (text) => {
          inspector.frame('in', text)
          handlers.received(text)
        },
        closed: (code, reason) => handlers.closed(code, reason),
      })
      return {
        get bufferedBytes() {
          return link.bufferedBytes
        },
        send(text) {
          inspector.frame('out', text)
          link.send(text)
        },
        close: (code, reason) => link.close(code, reason),
      }
    },
  }
}
