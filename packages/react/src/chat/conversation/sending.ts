import { type Client, ParleyError } from '@parley/client'
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
  readonly changed: () => void
  /** The server has stored a message: it has its place now. */
  readonly stored: (message: Message) => void
}

/** Messages on their way to the server, in the order in which they were written. */
export class Sending {
  readonly #options: SendingOptions
  readonly #entries = new Map<string, Outgoing & { readonly sent: NewMessage }>()

  constructor(options: SendingOptions) {
    this.#options = options
  }

  get outgoing(): readonly Outgoing[] {
    return [...this.#entries.values()]
  }

  /** Resolves with the seq. The failure is shown in the message; nobody has to wait for the promise. */
  send(sent: NewMessage, after: number): Promise<number> {
    const { client, channel, thread } = this.#options
    const { text, replyTo, attachments, priority } = sent
    const message: Message = {
      id: client.newId(),
      channel,
      seq: 0,
      author: client.connection.user ?? '',
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
    return this.#send(rest)
  }

  discard(id: string): void {
    if (this.#entries.get(id)?.error !== undefined) this.#remove(id)
  }

  /** The message has come back as an event or in a page. */
  cameBack(id: string): void {
    this.#remove(id)
  }

  #send(entry: Outgoing & { readonly sent: NewMessage }): Promise<number> {
    const { client, channel, changed, stored } = this.#options
    const { id, thread, attachments, ...message } = entry.message
    const { replyTo, priority } = message
    this.#entries.set(id, entry)
    changed()
    const input = {
      channel,
      id,
      text: message.text,
      ...(thread === undefined ? {} : { thread }),
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(attachments === undefined ? {} : { attachments: attachments.map(({ file }) => file) }),
      ...(priority === undefined ? {} : { priority }),
    }
    const how = { key: id, ...(priority === undefined ? {} : { priority }) }
    const done = client.chat.send(input, how).then(
      ({ seq }) => {
        // 0: it was a slash command that sends nothing.
        if (this.#remove(id) && seq > 0) stored({ ...entry.message, seq })
        return seq
      },
      (error: ParleyError) => {
        if (this.#entries.has(id)) this.#entries.set(id, { ...entry, error })
        changed()
        throw error
      },
    )
    done.catch(() => undefined)
    return done
  }

  #remove(id: string): boolean {
    const wasThere = this.#entries.delete(id)
    if (wasThere) this.#options.changed()
    return wasThere
  }
}
