import type { ClientTransport } from '@parley/client'
import type { Oracle } from '@parley/kernel/simulation'

/** What is known of one link. */
interface Asked {
  /** Channels of subscribe frames by their id. */
  readonly subscribes: Map<number, string>
  /** Offset up to which the client was sent everything, by channel; without one, nothing is known. */
  readonly positions: Map<string, number>
}

interface CallFrame {
  readonly input?: { readonly id?: string; readonly events?: readonly { readonly id: string }[] }
}

const toServer = /^\{"op":"(call|subscribe|unsubscribe)"(?:,"id":(\d+))?(?:,"channel":"([^"]+)")?/
const toClient =
  /^\{"op":"(reply|events|dropped|chunk)"(?:,"id":(\d+))?(?:,"channel":"([^"]+)","(?:prev|from)":(-?\d+),"(?:position|to)":(\d+))?/
const errorCode = /"error":\{"code":"([^"]+)"/

/**
 * Looks on as messages travel, below the client: it sees what clients put right unnoticed, a stream with a gap or an
 * overlap, and calls that are refused for now and sent again.
 */
export class WireWatch {
  /** Codes of refusals, and how often each was seen. */
  readonly refusals = new Map<string, number>()
  links = 0
  readonly #oracle: Oracle

  constructor(oracle: Oracle) {
    this.#oracle = oracle
  }

  /** The same transport, looked at. */
  around(transport: ClientTransport, who: string): ClientTransport {
    return {
      name: transport.name,
      open: (url, handlers) => {
        this.links += 1
        const asked: Asked = { subscribes: new Map(), positions: new Map() }
        const link = transport.open(url, {
          opened: () => handlers.opened(),
          closed: (code, reason) => handlers.closed(code, reason),
          received: (text) => {
            for (const line of text.split('\n')) this.#toClient(asked, who, line)
            handlers.received(text)
          },
        })
        return {
          get bufferedBytes() {
            return link.bufferedBytes
          },
          send: (text) => {
            for (const line of text.split('\n')) this.#toServer(asked, line)
            link.send(text)
          },
          close: (code, reason) => link.close(code, reason),
        }
      },
    }
  }

  #toServer(asked: Asked, line: string): void {
    const [, op, id, channel] = toServer.exec(line) ?? []
    if (op === 'call') {
      const { input } = JSON.parse(line) as CallFrame
      const ids = input?.events?.map((event) => event.id) ?? (input?.id === undefined ? [] : [input.id])
      for (const publication of ids) this.#oracle.carried(publication, 'server')
    } else if (channel !== undefined) {
      // Until the answer comes, what is sent belongs to the subscription before.
      asked.positions.delete(channel)
      if (op === 'subscribe') asked.subscribes.set(Number(id), channel)
    }
  }

  #toClient(asked: Asked, who: string, line: string): void {
    const [, op, id, channel, from, to] = toClient.exec(line) ?? []
    if (op === 'reply') this.#reply(asked, Number(id), line)
    // A frame that comes in parts is not looked into.
    else if (op === 'chunk') asked.positions.clear()
    else if (channel !== undefined) {
      const before = asked.positions.get(channel)
      if (before === undefined) return
      if (op === 'events' && before !== Number(from))
        this.#oracle.verdict.fault(
          before < Number(from) ? 'lost' : 'duplicated',
          `${who} stands at ${before} of ${channel}, and is sent what follows ${from}`,
          { channel, who },
        )
      asked.positions.set(channel, Number(to))
    }
  }

  #reply(asked: Asked, id: number, line: string): void {
    const code = line.length < 2_000 ? errorCode.exec(line)?.[1] : undefined
    const channel = asked.subscribes.get(id)
    asked.subscribes.delete(id)
    if (code !== undefined) {
      this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
    } else if (channel !== undefined) {
      const { ok } = JSON.parse(line) as { readonly ok?: { readonly position?: { readonly offset: number } } }
      if (ok?.position !== undefined) asked.positions.set(channel, ok.position.offset)
    }
  }
}
