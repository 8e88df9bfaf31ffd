import type { SessionSummary } from '../context.ts'
import type { Clock } from '../ports/clock.ts'
import type { Told } from './peer-link.ts'

export interface QuestionsParts {
  readonly clock: Clock
  readonly nodes: () => readonly string[]
  readonly say: (node: string, told: Told) => void
  /** The sessions of a user on this node. */
  readonly sessions: (app: string, user: string) => readonly SessionSummary[]
}

interface Question extends Told {
  readonly k: 'sessions'
  readonly id: number
  readonly app: string
  readonly user: string
}

interface Answer extends Told {
  readonly k: 'answer'
  readonly id: number
  readonly sessions: readonly SessionSummary[]
}

interface Open {
  readonly awaited: Set<string>
  readonly found: SessionSummary[]
  readonly done: () => void
}

/** A node that takes longer is not waited for. */
const maxMs = 1_000

/** Asks the other nodes for the sessions of a user. */
export class Questions {
  readonly #parts: QuestionsParts
  readonly #open = new Map<number, Open>()
  #count = 0

  constructor(parts: QuestionsParts) {
    this.#parts = parts
  }

  /** The sessions of a user on all nodes that answer in time. */
  async sessions(app: string, user: string): Promise<readonly SessionSummary[]> {
    const { clock, nodes, say, sessions } = this.#parts
    const awaited = new Set(nodes())
    const found = [...sessions(app, user)]
    if (awaited.size === 0) return found
    const id = ++this.#count
    await new Promise<void>((resolve) => {
      const timer = clock.after(maxMs, resolve)
      const done = () => {
        timer.cancel()
        resolve()
      }
      this.#open.set(id, { awaited, found, done })
      for (const node of awaited) say(node, { k: 'sessions', id, app, user })
    })
    this.#open.delete(id)
    return found
  }

  /** Takes a question of another node, or its answer. */
  take(node: string, told: Told): void {
    if (told.k === 'sessions') {
      const { id, app, user } = told as Question
      this.#parts.say(node, { k: 'answer', id, sessions: this.#parts.sessions(app, user) })
    } else if (told.k === 'answer') {
      const { id, sessions } = told as Answer
      this.#answered(id, node, sessions)
    }
  }

  /** A node is gone: its sessions are too. */
  left(node: string): void {
    for (const id of [...this.#open.keys()]) this.#answered(id, node, [])
  }

  #answered(id: number, node: string, sessions: readonly SessionSummary[]): void {
    const open = this.#open.get(id)
    if (open?.awaited.delete(node) !== true) return
    open.found.push(...sessions)
    if (open.awaited.size === 0) open.done()
  }
}
