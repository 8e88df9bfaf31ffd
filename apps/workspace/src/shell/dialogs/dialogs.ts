import type { ConversationInfo } from '@parley/react'

/** A question before something that is hard to take back. */
export interface Question {
  readonly title: string
  readonly text: string
  /** What the button says: the thing that will be done. */
  readonly action: string
  readonly isDanger?: boolean
  readonly run: () => Promise<unknown>
  /** What is said when it did not work. */
  readonly failed: string
}

/** A message that is to be sent later, or is and can be changed. */
export interface Scheduling {
  /** Of a message that is scheduled already. */
  readonly id?: string
  readonly channel: string
  readonly thread?: number
  readonly text: string
  readonly dueAt?: number
  /** It is scheduled now. */
  readonly onDone?: () => void
}

/** What can lie over the page; one at a time. */
export type Dialog =
  | { readonly kind: 'palette' }
  | { readonly kind: 'shortcuts' }
  | { readonly kind: 'status' }
  | {
      readonly kind: 'new-conversation'
      readonly type?: 'room' | 'group' | 'direct'
      readonly people?: readonly string[]
    }
  | { readonly kind: 'invite'; readonly conversation: ConversationInfo }
  | { readonly kind: 'settings'; readonly conversation: ConversationInfo }
  | { readonly kind: 'schedule'; readonly scheduling: Scheduling }
  | { readonly kind: 'question'; readonly question: Question }

/** Which dialog is open. */
export class Dialogs {
  readonly #listeners = new Set<() => void>()
  #open: Dialog | undefined

  readonly open = (): Dialog | undefined => this.#open

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly show = (dialog: Dialog): void => this.#set(dialog)

  readonly ask = (question: Question): void => this.#set({ kind: 'question', question })

  readonly close = (): void => this.#set(undefined)

  #set(dialog: Dialog | undefined): void {
    this.#open = dialog
    for (const listener of [...this.#listeners]) listener()
  }
}
