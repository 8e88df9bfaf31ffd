import type { ChannelEvent, Position } from '@parley/client'
import type { Message } from '../message.ts'
import { asChatEvent, type ChatEvent, changed, erased, messageOf, withReply } from './apply.ts'
import { MessageWindow, type Page } from './message-window.ts'

const maxGhosts = 200
const keptAtRest = 100

export interface LiveWindowOptions {
  readonly thread: number | undefined
  readonly me: () => string | undefined
  /** An own message has come back, as an event or in a page. */
  readonly cameBack: (id: string) => void
}

/** The messages that are held of a conversation or thread, brought up to date by the channel's events. */
export class LiveWindow {
  readonly #options: LiveWindowOptions
  readonly window = new MessageWindow()
  /** The root of the thread; empty for a conversation. */
  readonly root = new MessageWindow()
  /** Messages whose words were erased before they came here: the deletion says where they belong. */
  readonly #ghosts = new Map<number, ChannelEvent>()
  /** Up to here the window was read from the server. */
  #asOf: Position | undefined
  #newest = 0
  #missed = 0
  /** The end that is dropped when there is too much. */
  drops: 'oldest' | 'newest' = 'oldest'

  constructor(options: LiveWindowOptions) {
    this.#options = options
  }

  /** Undefined until a page was read. */
  get asOf(): Position | undefined {
    return this.#asOf
  }

  get newest(): number {
    return this.#newest
  }

  get missed(): number {
    return this.#missed
  }

  find(seq: number): Message | undefined {
    return this.window.find(seq) ?? this.root.find(seq)
  }

  /** A page is in the window. */
  loaded(page: Page, part: 'whole' | 'older' | 'newer'): void {
    if (part !== 'older') this.#asOf = page.position
    if (!this.window.hasNewer) {
      this.#newest = Math.max(this.#newest, this.window.last ?? 0)
      this.#missed = 0
    }
    const me = this.#options.me()
    for (const { author, id } of page.messages) if (author === me) this.#options.cameBack(id)
  }

  /** Takes an event in; `isNews`: for the first time. */
  take(event: ChannelEvent, isNews: boolean): void {
    if (event.type === 'chat.sent' && event.data === null) return this.#expectDeletion(event)
    const known = asChatEvent(event)
    if (known === undefined) return
    switch (known.type) {
      case 'chat.sent':
        return this.#sent(known, isNews)
      case 'chat.deleted':
        return this.#deleted(known)
      case 'chat.edited':
      case 'chat.reacted':
      case 'chat.pinned':
        return this.#change(known.data.seq, known)
    }
  }

  /** The server has stored an own message; its event is still to come. */
  stored(message: Message): void {
    this.#newest = Math.max(this.#newest, message.seq)
    if (this.#belongs(message.seq)) this.#insert(message, message.seq - 1)
  }

  confirm(seq: number, make: (message: Message) => Message): void {
    this.window.confirm(seq, make)
    this.root.confirm(seq, make)
  }

  /** Nobody looks for now: keeps what is shown first when somebody comes back. */
  rest(): void {
    this.drops = 'oldest'
    if (this.window.hasNewer) this.clear()
    else this.window.dropOldest(keptAtRest)
  }

  /** Nothing may be read any more. */
  clear(): void {
    this.#asOf = undefined
    this.#missed = 0
    this.window.clear()
    this.root.clear()
  }

  #sent(event: Extract<ChatEvent, { type: 'chat.sent' }>, isNews: boolean): void {
    const { data, offset, at, by = '' } = event
    const { thread } = data
    if (thread !== undefined)
      this.#each((window) =>
        window.change(thread, offset, (root) => withReply(root, { at, by, isGone: false })),
      )
    if (thread !== this.#options.thread) return
    this.#newest = Math.max(this.#newest, offset)
    if (by === this.#options.me()) this.#options.cameBack(data.id)
    if (this.#belongs(offset)) this.#insert(messageOf(event), offset)
    else if (isNews && this.window.hasNewer) this.#missed += 1
  }

  #deleted(event: Extract<ChatEvent, { type: 'chat.deleted' }>): void {
    const { data, offset, at, by = '' } = event
    const { seq, thread } = data
    const ghost = this.#ghosts.get(seq)
    this.#ghosts.delete(seq)
    if (ghost !== undefined && thread === this.#options.thread && this.#belongs(seq)) {
      const { channel, by: author = '' } = ghost
      const place = { id: `erased-${seq}`, channel, seq, author, at: ghost.at, text: '', reactions: [] }
      this.#insert(erased({ ...place, ...(thread === undefined ? {} : { thread }) }, at, by), seq)
    }
    // A reply that came without its words has not been counted.
    if (thread !== undefined && ghost === undefined)
      this.#each((window) =>
        window.change(thread, offset, (root) => withReply(root, { at, by, isGone: true })),
      )
    this.#change(seq, event)
  }

  #change(seq: number, event: ChatEvent): void {
    const me = this.#options.me()
    this.#each((window) => window.change(seq, event.offset, (message) => changed(message, event, me)))
  }

  /** A message of this seq is newer than what was read, and the window reaches to the newest. */
  #belongs(seq: number): boolean {
    return this.#asOf !== undefined && seq > this.#asOf.offset && !this.window.hasNewer
  }

  #insert(message: Message, asOf: number): void {
    this.window.insert(message, asOf)
    if (this.drops === 'oldest') this.window.dropOldest()
    else this.window.dropNewest()
  }

  #expectDeletion(event: ChannelEvent): void {
    this.#ghosts.set(event.offset, event)
    const [oldest] = this.#ghosts.keys()
    if (this.#ghosts.size > maxGhosts && oldest !== undefined) this.#ghosts.delete(oldest)
  }

  #each(act: (window: MessageWindow) => void): void {
    act(this.window)
    act(this.root)
  }
}
