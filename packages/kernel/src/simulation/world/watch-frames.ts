import type { Oracle } from '../oracle/oracle.ts'
import type { Side, SimulatedLink } from './link.ts'

interface CallFrame {
  readonly id: number
  readonly input?: { readonly id?: string; readonly events?: readonly { readonly id: string }[] }
}

/** What was asked over a link. */
interface Asked {
  /** Publications of calls by the id of the frame. */
  readonly calls: Map<number, readonly string[]>
  /** Channels of subscribe frames by their id. */
  readonly subscribes: Map<number, string>
  /** Offset up to which the client was sent everything, by channel; without one, nothing is known. */
  readonly positions: Map<string, number>
  /** When the last token that was shown expires, by the clock of the world that made it. */
  expiresAt: number
}

const tokenShown = /^\{"op":"(?:connect|refresh)".*expiresAt\\":(\d+)/
const errorCode = /"error":\{"code":"([^"]+)"/
/** How long a connection may be used after its token has expired: the grace, and some time until that is noticed. */
const toleratedMs = 2_000
const frameToNode = /^\{"op":"(call|subscribe|unsubscribe)","id":(\d+)(?:,"channel":"([^"]+)")?/
const frameToClient =
  /^\{"op":"(reply|events|dropped)",(?:"id":(\d+)|"channel":"([^"]+)","(?:prev|from)":(-?\d+),"(?:position|to)":(\d+))/

/**
 * Looks on as frames travel, and sees what clients put right unnoticed: a stream to a client must have no gaps and no
 * overlaps even on the wire. Calls that are refused for now and sent again are counted.
 */
export class FrameWatch {
  readonly #oracle: Oracle
  readonly #onRefused: (code: string) => void
  readonly #asked = new WeakMap<SimulatedLink, Asked>()

  /** @param onRefused told the code of each call that is refused */
  constructor(oracle: Oracle, onRefused: (code: string) => void) {
    this.#oracle = oracle
    this.#onRefused = onRefused
  }

  /** Sees a message on its way to a side. */
  see(link: SimulatedLink, to: Side, text: string): void {
    let asked = this.#asked.get(link)
    if (asked === undefined) {
      asked = { calls: new Map(), subscribes: new Map(), positions: new Map(), expiresAt: 0 }
      this.#asked.set(link, asked)
    }
    for (const line of text.split('\n')) {
      if (to === 'node') this.#toNode(link, asked, line)
      else this.#toClient(link, asked, line)
    }
  }

  #toNode(link: SimulatedLink, asked: Asked, line: string): void {
    asked.expiresAt = Math.max(asked.expiresAt, Number(tokenShown.exec(line)?.[1] ?? 0))
    const [, op, id, channel] = frameToNode.exec(line) ?? []
    if (op === 'call') {
      const publications = publicationsOf(JSON.parse(line) as CallFrame)
      asked.calls.set(Number(id), publications)
      for (const publication of publications) this.#oracle.carried(publication, link.parts.node.name)
    } else if (channel !== undefined) {
      // Until the answer comes, what is sent belongs to the subscription before.
      asked.positions.delete(channel)
      if (op === 'subscribe') asked.subscribes.set(Number(id), channel)
    }
  }

  #toClient(link: SimulatedLink, asked: Asked, line: string): void {
    const [, op, id, channel, from, to] = frameToClient.exec(line) ?? []
    if (op === 'reply') this.#reply(asked, Number(id), line)
    else if (channel !== undefined) {
      const before = asked.positions.get(channel)
      this.#checkToken(link, asked, channel)
      if (before === undefined) return
      if (op === 'events' && before !== Number(from))
        this.#oracle.verdict.fault(
          before < Number(from) ? 'lost' : 'duplicated',
          `${link.parts.client.name} stands at ${before} of ${channel}, and is sent what follows ${from}`,
          { channel },
        )
      asked.positions.set(channel, Number(to))
    }
  }

  /** Without a good token nobody reads for long. */
  #checkToken({ parts }: SimulatedLink, { expiresAt }: Asked, channel: string): void {
    const { node, client } = parts
    const isCalm = node.elapsed() - node.disturbedAt > toleratedMs
    if (isCalm && node.now() - expiresAt > toleratedMs)
      this.#oracle.verdict.fault('leaked', `${client.name} is sent ${channel} with an old token`, { channel })
  }

  #reply(asked: Asked, id: number, line: string): void {
    const channel = asked.subscribes.get(id)
    if (channel !== undefined) {
      const { ok } = JSON.parse(line) as { readonly ok?: { readonly position?: { readonly offset: number } } }
      if (ok?.position !== undefined) asked.positions.set(channel, ok.position.offset)
    } else if (asked.calls.has(id)) {
      const code = errorCode.exec(line)?.[1]
      if (code !== undefined) this.#onRefused(code)
    }
  }
}

/** Ids of what a message has published. */
export function publicationsIn(message: string): readonly string[] {
  const calls = message.split('\n').filter((line) => line.startsWith('{"op":"call"'))
  return calls.flatMap((line) => publicationsOf(JSON.parse(line) as CallFrame))
}

function publicationsOf({ input }: CallFrame): readonly string[] {
  return input?.events?.map((event) => event.id) ?? (input?.id === undefined ? [] : [input.id])
}
