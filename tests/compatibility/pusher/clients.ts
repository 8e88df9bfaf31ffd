import PusherServer from 'pusher'
import imported, { type Channel, type Options, type PresenceChannel } from 'pusher-js'
import type { TestServer } from '../../e2e/running-server.ts'

export type { PresenceChannel }

// The types of the library speak of a namespace; what is imported is the class.
const PusherClient = imported as unknown as typeof imported.default
export type Client = Channel['pusher']

/** An app's key, as clients and back ends of Pusher are given it. */
export interface Key {
  readonly app: string
  readonly id: string
  readonly secret: string
}

export const keys = {
  default: { app: 'default', id: 'main', secret: 'a secret of the app that is called default' },
  acme: { app: 'acme', id: 'acme-key', secret: 'a secret of the app that is called acme' },
} as const satisfies Record<string, Key>

/** Settings of a server that both apps are known to. */
export const settings = {
  apps: {
    default: { apiKeys: [{ id: keys.default.id, secret: keys.default.secret }] },
    acme: { apiKeys: [{ id: keys.acme.id, secret: keys.acme.secret }] },
  },
  flags: { securityFeatures: { rateLimiting: false } },
}

const open: Client[] = []

/** The library for back ends, as those use it who have one. */
export function backEnd(url: string, key: Key = keys.default): PusherServer {
  const { hostname, port } = new URL(url)
  return new PusherServer({
    ...{ appId: key.app, key: key.id, secret: key.secret, host: hostname, port, useTLS: false },
    encryptionMasterKeyBase64: Buffer.alloc(32, 7).toString('base64'),
  })
}

export interface ClientOptions {
  readonly key?: Key
  /** Lets the client into presence channels as this user, and signs it in as such. */
  readonly user?: { readonly id: string; readonly info?: object; readonly watchlist?: readonly string[] }
  readonly options?: Partial<Options>
}

/** The library for clients, let into every channel by a back end of its own. */
export function connect(url: string, { key = keys.default, user, options }: ClientOptions = {}): Client {
  const { hostname, port } = new URL(url)
  const server = backEnd(url, key)
  const client = new PusherClient(key.id, {
    ...{ cluster: '', wsHost: hostname, wsPort: Number(port), forceTLS: false, enabledTransports: ['ws'] },
    channelAuthorization: {
      endpoint: '',
      transport: 'ajax',
      customHandler: ({ socketId, channelName }, callback) => {
        const data = user === undefined ? undefined : { user_id: user.id, user_info: user.info ?? {} }
        const isPresence = channelName.startsWith('presence-')
        callback(null, server.authorizeChannel(socketId, channelName, isPresence ? data : undefined))
      },
    },
    userAuthentication: {
      endpoint: '',
      transport: 'ajax',
      customHandler: ({ socketId }, callback) => {
        const { id = '', info = {}, watchlist = [] } = user ?? {}
        callback(
          null,
          server.authenticateUser(socketId, { id, user_info: info, watchlist: [...watchlist] }) as never,
        )
      },
    },
    ...options,
  })
  open.push(client)
  return client
}

/** Lets all clients go that were made here. */
export function closeClients(): void {
  for (const client of open.splice(0)) client.disconnect()
}

/** Fulfilled when the client is connected. */
export function connected(client: Client): Promise<void> {
  if (client.connection.state === 'connected') return Promise.resolve()
  return new Promise((resolve) => {
    const listen = ({ current }: { current: string }) => {
      if (current !== 'connected') return
      client.connection.unbind('state_change', listen)
      resolve()
    }
    client.connection.bind('state_change', listen)
  })
}

/** Subscribes, and is fulfilled when the server has let the client in. */
export async function enter<C extends Channel = Channel>(client: Client, name: string): Promise<C> {
  const channel = client.subscribe(name) as C
  if (!channel.subscribed) await next(channel, 'pusher:subscription_succeeded', 'pusher:subscription_error')
  return channel
}

interface Emitter {
  bind(event: string, callback: (data: never) => void): unknown
  unbind(event: string, callback: (data: never) => void): unknown
}

/** Fulfilled with the next event of a name; rejected with one of the other name. */
export function next(emitter: Emitter, event: string, failure?: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done = (settle: (data: unknown) => void) => (data: unknown) => {
      emitter.unbind(event, heard as never)
      if (failure !== undefined) emitter.unbind(failure, failed as never)
      settle(data)
    }
    const heard = done(resolve)
    const failed = done((data) => reject(Object.assign(new Error(failure), { data })))
    emitter.bind(event, heard as never)
    if (failure !== undefined) emitter.bind(failure, failed as never)
  })
}

/** Everything that comes under a name. */
export function collect(emitter: Emitter, event: string): unknown[] {
  const found: unknown[] = []
  emitter.bind(event, ((data: unknown) => void found.push(data)) as never)
  return found
}

/** Breaks the connection as a network does: without a word. */
export function breakConnection(client: Client): void {
  const { connection } = client.connection as unknown as {
    connection: { transport: { socket: { _stream?: { destroy(): void }; close(): void } } }
  }
  const { socket } = connection.transport
  if (socket._stream === undefined) socket.close()
  else socket._stream.destroy()
}

/** Has all clients try again now: after a refused attempt the library waits for a quarter of a minute otherwise. */
export function networkIsBack(): void {
  const { Runtime } = PusherClient as unknown as {
    Runtime: { getNetwork(): { emit(event: 'online'): void } }
  }
  Runtime.getNetwork().emit('online')
}

/** The session of a user with a client of Parley. */
export async function signIn(server: Pick<TestServer, 'url'>, name: string): Promise<string> {
  const response = await fetch(`${server.url}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  return ((await response.json()) as { token: string }).token
}
