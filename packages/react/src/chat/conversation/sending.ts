import { type BuiltIn, type Client, type InputOfCommand, ParleyError } from '@parley/client'
import type { OfflineItem, OfflineOutbox } from '../../views/offline.ts'
import type { Message, NewMessage } from '../message.ts'

/** A message that was written here and is not in the conversation yet. */
export interface Outgoing {
  readonly message: Message
  /** Seq of the newest message when it was written. */
  readonly after: number
  readonly error?: ParleyError
}

export interface SendingOptions {
  readonly client: Client
  readonly channel: string
  readonly thread: number | undefined
  readonly me: () => string | undefined
  /** Where messages of earlier lives and other tabs wait. */
  readonly outbox: OfflineOutbox | undefined
  readonly changed: () => void
  /** The server has stored a message: it has its place now. */
  readonly stored: (message: Message) => void
}

type Entry = Outgoing & { readonly sent: NewMessage }
type SentInput = InputOfCommand<BuiltIn, 'chat.send'> & { readonly id: string }

/** Messages on their way to the server, in the order in which they were written. */
export class Sending {
  readonly #options: SendingOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: SendingOptions) {
    this.#options = options
  }

  get outgoing(): readonly Outgoing[] {
    return [...this.#entries.values()]
  }

  /** Resolves with the seq. The failure is shown in the message; nobody has to wait for the promise. */
  send(sent: NewMessage, after: number): Promise<number> {
    const { client, channel, me, thread } = this.#options
    const { text, replyTo, attachments, priority } = sent
    const message: Message = {
      id: client.newId(),
      channel,
      seq: 0,
      author: me() ?? '',
      at: Date.now(),
      text,
      reactions: [],
      ...(thread === undefined ? {} : { thread }),
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(attachments === undefined || attachments.length === 0 ? {} : { attachments: [...attachments] }),
      ...(priority === undefined ? {} : { priority }),
    }
    return this.#send({ message, after, sent })
  }

  /** Sends a failed message again under its id: if it had arrived after all, it is not stored twice. */
  retry(id: string): Promise<number> {
    const entry = this.#entries.get(id)
    if (entry?.error === undefined)
      return Promise.reject(new ParleyError('not_found', 'No failed message has this key.'))
    const { error: _gone, ...rest } = entry
    const kept = this.#kept(id)
    return kept === undefined ? this.#send(rest) : this.#follow(rest, this.#options.outbox?.retry(kept.id))
  }

  discard(id: string): void {
    if (this.#entries.get(id)?.error === undefined) return
    const kept = this.#kept(id)
    this.#remove(id)
    if (kept !== undefined) void this.#options.outbox?.discard(kept.id)
  }

  /** Shows what waits in the outbox, and what comes to it; returns the function that ends it. */
  open(): () => void {
    const { outbox } = this.#options
    if (outbox === undefined) return () => undefined
    this.#adopt(outbox)
    return outbox.watch(() => this.#adopt(outbox))
  }

  /** The message has come back as an event or in a page. */
  cameBack(id: string): void {
    this.#remove(id)
  }

  #send(entry: Entry): Promise<number> {
    const { client, channel } = this.#options
    const { id, thread, attachments, text, replyTo, priority } = entry.message
    const input = {
      channel,
      id,
      text,
      ...(thread === undefined ? {} : { thread }),
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(attachments === undefined ? {} : { attachments: attachments.map(({ file }) => file) }),
      ...(priority === undefined ? {} : { priority }),
    }
    // Shown before it is sent: an outbox tells of it at once.
    this.#entries.set(id, entry)
    const how = { key: id, ...(priority === undefined ? {} : { priority }) }
    return this.#follow(entry, client.chat.send(input, how))
  }

  /** Shows a message until its answer is there. */
  #follow(entry: Entry, answer: Promise<unknown> = Promise.reject()): Promise<number> {
    const { changed, stored } = this.#options
    const { id } = entry.message
    this.#entries.set(id, entry)
    changed()
    const done = answer.then(
      (output) => {
        const { seq } = output as { readonly seq: number }
        // 0: it was a slash command that sends nothing.
        if (this.#remove(id) && seq > 0) stored({ ...entry.message, seq })
        return seq
      },
      (error: ParleyError) => {
        // Discarded, here or in another tab.
        if (error.code === 'cancelled' && this.#options.outbox !== undefined) this.#remove(id)
        else if (this.#entries.has(id)) this.#entries.set(id, { ...entry, error })
        changed()
        throw error
      },
    )
    done.catch(() => undefined)
    return done
  }

  #adopt(outbox: OfflineOutbox): void {
    const { channel, me, thread } = this.#options
    for (const item of outbox.items) {
      if (item.command !== 'chat.send') continue
      const { id, ...sent } = item.input as SentInput
      if (sent.channel !== channel || sent.thread !== thread || this.#entries.has(id)) continue
      // Files are known by their ids alone until the message is stored.
      const { attachments: _files, ...words } = sent
      const message: Message = { ...words, id, seq: 0, author: me() ?? '', at: item.addedAt, reactions: [] }
      void this.#follow({ message, after: Number.MAX_SAFE_INTEGER, sent: words }, outbox.answerTo(item.id))
    }
  }

  /** The message as the outbox has it. */
  #kept(id: string): OfflineItem | undefined {
    return this.#options.outbox?.items.find(
      ({ command, input }) => command === 'chat.send' && (input as SentInput).id === id,
    )
  }

  #remove(id: string): boolean {
    const wasThere = this.#entries.delete(id)
    if (wasThere) this.#options.changed()
    return wasThere
  }
}
