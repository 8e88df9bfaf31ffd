import type { Client } from '@parley/client'
import type { Message, MessageAction } from '../message.ts'
import { erased, withPin, withReaction } from './apply.ts'
import type { Changes } from './changes.ts'
import type { LiveWindow } from './live-window.ts'

export interface UserChangesOptions {
  readonly client: Client
  readonly channel: string
  readonly live: LiveWindow
  readonly changes: Changes
}

/** What a user does to stored messages: shown at once, taken back when the server refuses it. */
export class UserChanges {
  readonly #options: UserChangesOptions

  constructor(options: UserChangesOptions) {
    this.#options = options
  }

  edit(seq: number, text: string): Promise<void> {
    const { client, channel, live, changes } = this.#options
    const at = Date.now()
    const make = (message: Message): Message => {
      const count = (message.edited?.count ?? 0) + 1
      return { ...message, text, edited: { at, count } }
    }
    return changes.run(
      { seq, action: 'edit', make },
      client.chat.edit({ channel, seq, text }),
      ({ edited }) =>
        live.confirm(seq, (message) =>
          message.deleted === undefined && (message.edited?.count ?? 0) < edited.count
            ? { ...message, text, edited }
            : message,
        ),
    )
  }

  remove(seq: number, scope: 'all' | 'me'): Promise<void> {
    const { client, channel, live, changes } = this.#options
    const call = client.chat.delete({ channel, seq, for: scope })
    if (scope === 'me')
      return changes.run({ seq, action: 'delete', make: () => undefined }, call, () =>
        live.window.remove(seq),
      )
    const at = Date.now()
    const by = this.#me
    return this.#run(seq, 'delete', call, (message) =>
      message.deleted === undefined ? erased(message, at, by) : message,
    )
  }

  /** @param wanted undefined: the other of what is shown */
  react(seq: number, emoji: string, wanted: boolean | undefined): Promise<void> {
    const { client, channel } = this.#options
    const mine = this.#shown(seq)?.reactions.find((reaction) => reaction.emoji === emoji)?.mine === true
    const on = wanted ?? !mine
    const user = this.#me
    const call = client.chat.react({ channel, seq, emoji, on })
    return this.#run(seq, 'react', call, (message) => withReaction(message, { emoji, on, user, isMe: true }))
  }

  pin(seq: number, wanted: boolean | undefined): Promise<void> {
    const { client, channel } = this.#options
    const on = wanted ?? this.#shown(seq)?.pinned === undefined
    const pinned = on ? { by: this.#me, at: Date.now() } : undefined
    return this.#run(seq, 'pin', client.chat.pin({ channel, seq, on }), (message) => withPin(message, pinned))
  }

  get #me(): string {
    return this.#options.client.connection.user ?? ''
  }

  #shown(seq: number): Message | undefined {
    const message = this.#options.live.find(seq)
    return message && this.#options.changes.shown(message)
  }

  /** A change that may be made twice: by the answer, and by the event that follows. */
  #run(
    seq: number,
    action: MessageAction,
    call: Promise<unknown>,
    make: (message: Message) => Message,
  ): Promise<void> {
    const { live, changes } = this.#options
    return changes.run({ seq, action, make }, call, () => live.confirm(seq, make))
  }
}
