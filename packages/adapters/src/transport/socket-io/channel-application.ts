import { ParleyError } from '@parley/protocol'
import type { Entry, EntryRequest, SocketIoApplication, SocketListener } from './application.ts'
import type { Dress } from './event-packets.ts'
import { toJson } from './event-packets.ts'
import { prefixOf } from './packet.ts'
import type { WireSocket } from './wire-socket.ts'

type Answer = ((args: readonly unknown[]) => void) | undefined

/**
 * What clients find where nobody has written a server of their own: the channels of the node. They sign in by
 * `auth: { token }`, and emit `subscribe`, `unsubscribe`, `publish`, `call` and `refresh`; each is answered with
 * `{ ok }` or `{ error }`. Events come under their own types, with their data and where they come from.
 */
export function channelApplication(namespaces: readonly string[]): SocketIoApplication {
  const dresses = new Map(namespaces.map((name) => [name, { prefix: prefixOf(name), hasOrigin: true }]))
  return {
    takesFrames: (namespace) => dresses.has(namespace),
    enter(request) {
      const dress = dresses.get(request.namespace)
      if (dress === undefined) throw new Error('Invalid namespace')
      return entryOf(request, dress)
    },
  }
}

function entryOf({ auth, opening }: EntryRequest, dress: Dress): Entry {
  const { token } = auth
  return {
    dress,
    token: typeof token === 'string' ? token : bearerOf(opening.rawHeaders),
    channels: () => [],
    admit: async (socket) => new ChannelListener(socket),
  }
}

function bearerOf(rawHeaders: readonly string[]): string | undefined {
  const index = rawHeaders.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === 'authorization')
  return /^Bearer +(\S+)$/i.exec(rawHeaders[index + 1] ?? '')?.[1]
}

/** Name under which clients are told what is no event of a channel. */
const frameEvent = 'parley'

class ChannelListener implements SocketListener {
  readonly #socket: WireSocket

  constructor(socket: WireSocket) {
    this.#socket = socket
  }

  event([name, ...args]: readonly unknown[], answer: Answer): void {
    void this.#carryOut(String(name), args).then(
      (ok) => answer?.([{ ok: ok ?? null }]),
      (error: unknown) => answer?.([{ error: bodyOf(error) }]),
    )
  }

  async #carryOut(name: string, [first, second]: readonly unknown[]): Promise<unknown> {
    switch (name) {
      case 'subscribe':
        return this.#subscribe(first)
      case 'unsubscribe': {
        await this.#socket.unsubscribe(String(first))
        return this.#socket.keep()
      }
      case 'publish': {
        const { key, ...input } = objectOf(first)
        return this.#socket.call('channels.publish', toJson(input), keyOf(key))
      }
      case 'call':
        return this.#socket.call(String(first), toJson(second))
      case 'refresh':
        return this.#socket.refresh(String(first))
      default:
        throw new ParleyError(
          'bad_request',
          `Nobody listens to \`${name.slice(0, 100)}\`. Emit subscribe, unsubscribe, publish, call or refresh.`,
        )
    }
  }

  async #subscribe(wish: unknown): Promise<unknown> {
    const { channel, ...options } = typeof wish === 'string' ? { channel: wish } : objectOf(wish)
    const result = await this.#socket.subscribe(String(channel), options)
    await this.#socket.keep()
    return result
  }

  frame(frame: { readonly op: string }): void {
    this.#socket.emit([frameEvent, frame])
  }

  opened(): void {
    // The client begins.
  }

  acked(): void {
    // Nothing was sent that is answered.
  }

  closed(): void {
    // The node knows by itself.
  }

  keptData(): unknown {
    return undefined
  }

  isMeant(): boolean {
    return true
  }

  expectAck(): undefined {
    return undefined
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new ParleyError('bad_request', 'Give an object, as in { channel: "chat:general" }.')
}

function keyOf(key: unknown): string | undefined {
  return typeof key === 'string' ? key : undefined
}

function bodyOf(error: unknown): object {
  return (error instanceof ParleyError ? error : new ParleyError('internal')).toBody()
}
