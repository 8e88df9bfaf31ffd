import { Buffer } from 'node:buffer'
import type { Clock, Timer } from '@parley/kernel'
import type { Carrier } from './carrier.ts'
import type { OutgoingMessage } from './message.ts'
import type { ManagerSettings } from './options.ts'

/** Above this size compressing is worth its time. */
const largeBytes = 1_024

/**
 * What goes to one connection. With batching, messages that come close together leave as a list; one that comes after a
 * rest, or is urgent, goes at once.
 */
export class Batches {
  readonly #carrier: Carrier
  readonly #settings: ManagerSettings
  readonly #clock: Clock
  #held: string[] = []
  #heldBytes = 0
  #timer: Timer | undefined

  constructor(carrier: Carrier, settings: ManagerSettings, clock: Clock) {
    this.#carrier = carrier
    this.#settings = settings
    this.#clock = clock
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  send({ text, isUrgent }: OutgoingMessage): void {
    const { enableBatching, batchInterval, batchSize } = this.#settings
    if (!enableBatching || isUrgent) this.#write(text)
    else if (this.#timer === undefined) {
      this.#write(text)
      this.#timer = this.#clock.after(batchInterval, () => this.#elapsed())
    } else {
      this.#held.push(text)
      this.#heldBytes += Buffer.byteLength(text)
      if (this.#held.length >= batchSize) this.flush()
    }
  }

  /** What is held leaves now. */
  flush(): void {
    const held = this.#held
    if (held.length === 0) return
    this.#held = []
    this.#heldBytes = 0
    this.#write(held.length === 1 ? (held[0] as string) : `[${held.join(',')}]`)
  }

  end(): void {
    this.#timer?.cancel()
    this.#held = []
    this.#heldBytes = 0
  }

  #elapsed(): void {
    this.#timer = undefined
    if (this.#held.length === 0) return
    this.flush()
    this.#timer = this.#clock.after(this.#settings.batchInterval, () => this.#elapsed())
  }

  #write(text: string): void {
    this.#carrier.send(text, this.#settings.enableCompression && text.length > largeBytes)
  }
}
