import type { ReadState } from '../message.ts'

export interface Heard {
  readonly seq: number
  readonly at: number
  readonly isMine: boolean
  readonly isMention: boolean
}

const maxHeard = 2_000

/**
 * What waits in one conversation or thread: what the server said last, and what was heard since. The server is the only
 * one who counts; here is only what it cannot know yet (a read that is on its way) or has not said yet (messages after
 * `head`).
 */
export class StreamCount {
  #server: ReadState
  /** Messages of others after the server's `head`: seq → whether the user is mentioned. */
  readonly #later = new Map<number, boolean>()
  #head: number
  #lastAt: number | undefined
  /** Read here up to this seq: own messages, and marks that have not been answered. */
  #readTo = 0

  constructor(server: ReadState) {
    this.#server = server
    this.#head = server.head
    this.#lastAt = server.lastAt
  }

  /** As the server would say it. */
  get state(): ReadState {
    const { seq, head } = this.#server
    const isReadHere = this.#readTo > seq && this.#readTo >= head
    let { unread, mentions } = isReadHere ? { unread: 0, mentions: 0 } : this.#server
    for (const [later, isMention] of this.#later)
      if (later > this.#readTo) {
        unread += 1
        if (isMention) mentions += 1
      }
    return {
      ...this.#server,
      seq: Math.max(seq, this.#readTo),
      unread,
      mentions,
      head: this.#head,
      ...(this.#lastAt === undefined ? {} : { lastAt: this.#lastAt }),
    }
  }

  /** Takes what the server says; what is older than what it has said before is left out. */
  take(server: ReadState): void {
    const { version, seq, head } = this.#server
    if (server.version < version) return
    if (server.version === version && (server.seq < seq || server.head < head)) return
    if (server.version > version) this.#readTo = 0
    this.#server = server
    this.#head = Math.max(this.#head, server.head)
    this.#lastAt = Math.max(this.#lastAt ?? 0, server.lastAt ?? 0) || undefined
    for (const later of this.#later.keys()) if (later <= server.head) this.#later.delete(later)
  }

  /** A message was heard. Returns false when there are too many to keep: then the server has to be asked. */
  heard({ seq, at, isMine, isMention }: Heard): boolean {
    this.#head = Math.max(this.#head, seq)
    this.#lastAt = Math.max(this.#lastAt ?? 0, at)
    if (isMine) this.read(seq)
    else if (seq > this.#server.head) this.#later.set(seq, isMention || this.#later.get(seq) === true)
    return this.#later.size <= maxHeard
  }

  /** A message is gone. Returns false when only the server knows what that means. */
  deleted(seq: number): boolean {
    return this.#later.delete(seq) || seq <= Math.max(this.#server.seq, this.#readTo)
  }

  /** The user has read this far; the server does not know yet. */
  read(seq: number): void {
    this.#readTo = Math.max(this.#readTo, seq)
  }

  /** A mark was refused: what the server said counts again. */
  unread(): void {
    this.#readTo = 0
  }
}
