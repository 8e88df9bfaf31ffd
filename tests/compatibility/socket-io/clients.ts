import * as newest from 'socket.io-client'
import * as older from 'socket.io-client-4.6'

export type ClientSocket = newest.Socket
type Options = Partial<newest.ManagerOptions & newest.SocketOptions>

/** The client library, as it is installed by those who use it: the newest, and an older one of the same protocol. */
export const libraries = [
  ['newest', newest.io],
  ['4.6.2', older.io as unknown as typeof newest.io],
] as const

export const transports = [
  { name: 'by WebSocket', names: ['websocket'] },
  { name: 'by polling', names: ['polling'] },
  { name: 'by polling, then WebSocket', names: ['polling', 'websocket'] },
] as const

const open: ClientSocket[] = []

/** A client with a connection of its own, that comes back quickly. */
export function connect(
  io: typeof newest.io,
  url: string,
  options: Options & { readonly token?: string } = {},
): ClientSocket {
  const { token, ...rest } = options
  const socket = io(url, {
    forceNew: true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 200,
    ...(token === undefined ? {} : { auth: { token } }),
    ...rest,
  })
  open.push(socket)
  return socket
}

/** Lets all clients go that were made here. */
export function closeClients(): void {
  for (const socket of open.splice(0)) socket.disconnect()
}

/** Fulfilled with the arguments of the next event of a name, which may be one of the library's own. */
export function next(socket: ClientSocket, event: string): Promise<unknown[]> {
  return new Promise((resolve) => socket.once(event, (...args: unknown[]) => resolve(args)))
}

/** Breaks the connection as a network does: without a word. */
export function breakConnection(socket: ClientSocket): void {
  socket.io.engine.close()
}

/** Everything that comes under a name, its first argument. */
export function collect(socket: ClientSocket, event: string): unknown[] {
  const found: unknown[] = []
  socket.on(event, (data: unknown) => void found.push(data))
  return found
}

/** Asks, and fails as the answer fails. */
export async function ask(socket: ClientSocket, event: string, ...args: unknown[]): Promise<unknown> {
  const answer = (await socket.timeout(10_000).emitWithAck(event, ...args)) as {
    ok?: unknown
    error?: { code: string; message: string }
  }
  if (answer.error !== undefined) throw Object.assign(new Error(answer.error.message), answer.error)
  return answer.ok
}

/** Breaks the connection; `meanwhile` happens before the client is back. */
export async function away(socket: ClientSocket, meanwhile: () => Promise<unknown>): Promise<void> {
  socket.io.reconnection(false)
  const gone = next(socket, 'disconnect')
  breakConnection(socket)
  await gone
  await meanwhile()
  socket.io.reconnection(true)
  const back = next(socket, 'connect')
  socket.connect()
  await back
}
