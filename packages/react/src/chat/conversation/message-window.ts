import type { Message } from '../message.ts'

/** A page of history as the server answers. */
export interface Page {
  readonly messages: readonly Message[]
  readonly hasBefore: boolean
  readonly hasAfter: boolean
  readonly position: { readonly epoch: string; readonly offset: number }
}

interface Entry {
  readonly message: Message
  /** The offset up to which events are in it already. */
  readonly asOf: number
}

const maxMessages = 400

/**
 * The part of a conversation that is held: messages in order, without a hole between them, bounded. What is dropped at
 * one end can be read again.
 */
export class MessageWindow {
  #entries: Entry[] = []
  #hasOlder = false
  #hasNewer = false

  get messages(): readonly Message[] {
    return this.#entries.map(({ message }) => message)
  }

  get size(): number {
    return this.#entries.length
  }

  get hasOlder(): boolean {
    return this.#hasOlder
  }

  get hasNewer(): boolean {
    return this.#hasNewer
  }

  get first(): number | undefined {
    return this.#entries[0]?.message.seq
  }

  get last(): number | undefined {
    return this.#entries.at(-1)?.message.seq
  }

  find(seq: number): Message | undefined {
    return this.#entries[this.#indexOf(seq)]?.message
  }

  /** Shows another part. */
  reset(page: Page): void {
    this.#entries = page.messages.map((message) => ({ message, asOf: page.position.offset }))
    this.#hasOlder = page.hasBefore
    this.#hasNewer = page.hasAfter
  }

  /** A page of what lies before; makes room at the new end. */
  prepend(page: Page): void {
    const first = this.first ?? Number.POSITIVE_INFINITY
    const older = page.messages.filter(({ seq }) => seq < first)
    this.#entries.unshift(...older.map((message) => ({ message, asOf: page.position.offset })))
    this.#hasOlder = page.hasBefore
    this.dropNewest()
  }

  /** A page of what comes after; makes room at the old end. */
  append(page: Page): void {
    const last = this.last ?? 0
    const newer = page.messages.filter(({ seq }) => seq > last)
    this.#entries.push(...newer.map((message) => ({ message, asOf: page.position.offset })))
    this.#hasNewer = page.hasAfter
    this.dropOldest()
  }

  /** Puts a message in its place. One that is there is renewed if it is older than this. */
  insert(message: Message, asOf: number): void {
    const index = this.#placeFor(message.seq)
    const there = this.#entries[index]
    if (there?.message.seq !== message.seq) this.#entries.splice(index, 0, { message, asOf })
    else if (there.asOf < asOf) this.#entries[index] = { message, asOf }
  }

  /** Changes a message by an event; one that is at or before what the message was read at is in it already. */
  change(seq: number, offset: number, make: (message: Message) => Message): void {
    const index = this.#indexOf(seq)
    const entry = this.#entries[index]
    if (entry === undefined || offset <= entry.asOf) return
    this.#entries[index] = { message: make(entry.message), asOf: offset }
  }

  /** Changes a message by what the server answered; the event that says the same is still to come. */
  confirm(seq: number, make: (message: Message) => Message): void {
    const index = this.#indexOf(seq)
    const entry = this.#entries[index]
    if (entry !== undefined) this.#entries[index] = { ...entry, message: make(entry.message) }
  }

  clear(): void {
    this.#entries = []
    this.#hasOlder = false
    this.#hasNewer = false
  }

  remove(seq: number): void {
    const index = this.#indexOf(seq)
    if (index >= 0) this.#entries.splice(index, 1)
  }

  dropOldest(max: number = maxMessages): void {
    const excess = this.#entries.length - max
    if (excess <= 0) return
    this.#entries.splice(0, excess)
    this.#hasOlder = true
  }

  dropNewest(): void {
    if (this.#entries.length <= maxMessages) return
    this.#entries.length = maxMessages
    this.#hasNewer = true
  }

  #indexOf(seq: number): number {
    const index = this.#placeFor(seq)
    return this.#entries[index]?.message.seq === seq ? index : -1
  }

  /** Index of the first message at or after a seq. */
  #placeFor(seq: number): number {
    let [low, high] = [0, this.#entries.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#entries[middle]?.message.seq ?? 0) < seq) low = middle + 1
      else high = middle
    }
    return low
  }
}
