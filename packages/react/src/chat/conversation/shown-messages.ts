import type { ChatMessage, Message, MessageState } from '../message.ts'
import type { Change, Changes, Refusal } from './changes.ts'
import type { Outgoing } from './sending.ts'

interface Shown {
  readonly base: Message
  readonly change: Change | undefined
  readonly refusal: Refusal | undefined
  readonly state: MessageState
  readonly message: ChatMessage | undefined
}

export interface ShownOptions {
  readonly me: string | undefined
  readonly changes: Changes
  /** Others have read up to this seq. */
  readonly seenUpTo: number
}

/** Makes what components see of stored and outgoing messages; what has not changed stays the same object. */
export class ShownMessages {
  #stored = new Map<number, Shown>()
  #outgoing = new Map<string, { readonly entry: Outgoing; readonly message: ChatMessage }>()
  #list: readonly ChatMessage[] = []

  list(
    messages: readonly Message[],
    outgoing: readonly Outgoing[],
    options: ShownOptions,
  ): readonly ChatMessage[] {
    const stored = new Map<number, Shown>()
    const list: ChatMessage[] = []
    const failed = outgoing.filter(({ error }) => error !== undefined)
    for (const message of messages) {
      while (failed[0] !== undefined && failed[0].after < message.seq)
        list.push(this.#unsent(failed.shift() as Outgoing))
      const shown = this.#keep(message, options)
      stored.set(message.seq, shown)
      if (shown.message !== undefined) list.push(shown.message)
    }
    this.#stored = stored
    for (const entry of failed) list.push(this.#unsent(entry))
    for (const entry of outgoing) if (entry.error === undefined) list.push(this.#unsent(entry))
    for (const id of this.#outgoing.keys())
      if (!outgoing.some(({ message }) => message.id === id)) this.#outgoing.delete(id)
    if (list.length !== this.#list.length || list.some((message, index) => message !== this.#list[index]))
      this.#list = list
    return this.#list
  }

  /** One stored message. */
  one(message: Message, options: ShownOptions): ChatMessage | undefined {
    const shown = this.#keep(message, options)
    this.#stored.set(message.seq, shown)
    return shown.message
  }

  #keep(base: Message, { me, changes, seenUpTo }: ShownOptions): Shown {
    const before = this.#stored.get(base.seq)
    const change = changes.of(base.seq)
    const refusal = changes.refusal(base.seq)
    const isMine = base.author === me
    const state = isMine && base.seq <= seenUpTo ? 'seen' : 'stored'
    if (
      before?.base === base &&
      before.change === change &&
      before.refusal === refusal &&
      before.state === state &&
      before.message?.isMine === isMine
    )
      return before
    const shown = changes.shown(base)
    const message: ChatMessage | undefined = shown && {
      ...shown,
      key: keyOf(shown),
      state,
      isMine,
      ...(change === undefined ? {} : { changing: change.action }),
      ...(refusal === undefined ? {} : { refused: refusal }),
    }
    return { base, change, refusal, state, message }
  }

  #unsent(entry: Outgoing): ChatMessage {
    const { error } = entry
    const before = this.#outgoing.get(entry.message.id)
    if (before?.entry === entry) return before.message
    const message: ChatMessage = {
      ...entry.message,
      seq: undefined,
      key: keyOf(entry.message),
      state: error === undefined ? 'sending' : 'failed',
      isMine: true,
      ...(error === undefined ? {} : { error }),
    }
    this.#outgoing.set(entry.message.id, { entry, message })
    return message
  }
}

/** An author gives an id once in a conversation, and the message has it before it is stored. */
function keyOf({ author, id }: Message): string {
  return `${author}/${id}`
}

/** The id in a key: no user id has a slash. */
export function idIn(key: string): string {
  return key.slice(key.indexOf('/') + 1)
}
