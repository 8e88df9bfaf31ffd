import { ParleyError } from '@parley/protocol'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Relay } from '../ports/transport.ts'
import type { Told } from './peer-link.ts'

export interface RelaysParts {
  readonly clock: Clock
  readonly nodes: () => readonly string[]
  readonly say: (node: string, told: Told) => void
  /** Answers a question to a transport of this node. */
  readonly answer: (transport: string, question: string) => Promise<string>
}

/** A question or an answer may be long, and what is told in one piece is small. */
const partLength = 16_384

interface Part extends Told {
  readonly k: 'ask' | 'told'
  readonly id: number
  readonly transport: string
  readonly text: string
  readonly isLast: boolean
}

interface Open {
  readonly node: string
  readonly timer: Timer
  readonly settle: (answer: string | ParleyError) => void
}

/** Carries the questions of transports between nodes, and the answers back. */
export class Relays {
  readonly #parts: RelaysParts
  readonly #open = new Map<number, Open>()
  /** What has come of texts in several parts, by node and id. */
  readonly #begun = new Map<string, string>()
  #count = 0

  constructor(parts: RelaysParts) {
    this.#parts = parts
  }

  /** @throws ParleyError `disconnected` when there is no such node, `unavailable` when it does not answer in time */
  ask(transport: string, node: string, question: string, withinMs: number): Promise<string> {
    const { clock, nodes } = this.#parts
    if (!nodes().includes(node)) return Promise.reject(gone())
    const id = ++this.#count
    return new Promise((resolve, reject) => {
      const settle = (answer: string | ParleyError) => {
        this.#open.delete(id)
        timer.cancel()
        if (typeof answer === 'string') resolve(answer)
        else reject(answer)
      }
      const timer = clock.after(withinMs, () => settle(silent()))
      this.#open.set(id, { node, timer, settle })
      this.#tell(node, { k: 'ask', id, transport }, question)
    })
  }

  #tell(node: string, about: Pick<Part, 'k' | 'id' | 'transport'>, text: string): void {
    for (let start = 0; start === 0 || start < text.length; start += partLength) {
      const isLast = start + partLength >= text.length
      this.#parts.say(node, { ...about, text: text.slice(start, start + partLength), isLast })
    }
  }

  /** Takes what a node tells, if it is about transports. */
  take(node: string, told: Told): void {
    if (told.k !== 'ask' && told.k !== 'told') return
    const { k, id, transport, text, isLast } = told as Part
    const key = `${k} ${id} ${node}`
    const whole = (this.#begun.get(key) ?? '') + text
    if (!isLast) {
      this.#begun.set(key, whole)
      return
    }
    this.#begun.delete(key)
    if (k === 'told') this.#answered(node, id, whole)
    else
      void this.#parts.answer(transport, whole).then(
        (answer) => this.#tell(node, { k: 'told', id, transport }, answer),
        // Who asks hears nothing, and that it came to nothing when its time is up.
        () => undefined,
      )
  }

  #answered(node: string, id: number, answer: string): void {
    const open = this.#open.get(id)
    if (open?.node === node) open.settle(answer)
  }

  /** A node is gone, or has forgotten what it was told. */
  left(node: string): void {
    for (const open of [...this.#open.values()]) if (open.node === node) open.settle(gone())
    for (const key of [...this.#begun.keys()]) if (key.endsWith(` ${node}`)) this.#begun.delete(key)
  }

  stop(): void {
    for (const open of [...this.#open.values()]) open.settle(gone())
    this.#begun.clear()
  }
}

/** The way of one transport to the other nodes; on a node that is alone there are none. */
export function relayFor(
  transport: string,
  node: string,
  cluster: (Pick<Relays, 'ask'> & { nodes(): readonly string[] }) | undefined,
): Relay {
  return {
    node,
    nodes: () => cluster?.nodes() ?? [],
    ask: (other, question, withinMs) =>
      cluster?.ask(transport, other, question, withinMs) ?? Promise.reject(gone()),
  }
}

function gone(): ParleyError {
  return new ParleyError('disconnected', 'The node that holds this connection is gone. Connect anew.')
}

function silent(): ParleyError {
  return new ParleyError('unavailable', 'The node that holds this connection does not answer. Try again.', {
    retryAfterMs: 500,
  })
}
