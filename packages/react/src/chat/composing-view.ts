import type { Views } from '../views/views.ts'
import { type Watchable, Watchers } from '../views/watchers.ts'
import type { ChatMessage } from './message.ts'
import { placeOf } from './reading/unread.ts'

/** What is being written in a conversation or thread: an answer, another text for a message, or neither. */
export interface Composing {
  readonly replyTo: ChatMessage | undefined
  readonly editing: ChatMessage | undefined
}

export const plainComposing: Composing = { replyTo: undefined, editing: undefined }

/** Lets a list of messages tell the composer beside it what the user wants to write. */
export class ComposingView implements Watchable<Composing> {
  readonly #watchers = new Watchers({
    open: () => undefined,
    close: () => undefined,
    refresh: () => undefined,
  })
  #snapshot = plainComposing

  get snapshot(): Composing {
    return this.#snapshot
  }

  get isOpen(): boolean {
    return this.#watchers.isOpen
  }

  readonly watch = (listener: () => void): (() => void) => this.#watchers.watch(listener)

  readonly begin = (composing: Partial<Composing>): void => {
    this.#snapshot = { ...plainComposing, ...composing }
    this.#watchers.changed()
  }
}

export function composingView(views: Views, channel: string, thread: number | undefined): ComposingView {
  return views.get(`composing ${placeOf(channel, thread)}`, () => new ComposingView())
}
