import { type CallOptions, ParleyError, type Priority } from '@parley/protocol'
import { type Clock, systemClock } from '../platform.ts'
import { Mirror } from './mirror.ts'
import type { OutboxRecord, OutboxStore, StoredRecord } from './outbox-store.ts'
import { browserTurns, type Turns } from './turns.ts'

/** What an outbox needs of a client, whatever its contracts are. */
export interface OutboxClient {
  readonly status: string
  readonly connection: { readonly user?: string | undefined }
  call(command: string, input: unknown, options?: CallOptions): Promise<unknown>
  newId(): string
  on(name: 'status', handler: () => void): () => void
}

export interface OutboxOptions {
  readonly client: OutboxClient
  readonly store: OutboxStore
  /** Whose calls these are: they go out in this user's name alone. Absent: in whoever's name the client is. */
  readonly user?: string | undefined
  /** Which of several tabs sends what all have written; default: the oldest where the browser has locks, else each. */
  readonly turns?: Turns | undefined
  /** Unanswered calls; one more is refused with `overloaded`. What was taken is never dropped. Default 1,000. */
  readonly maxItems?: number | undefined
  /** Characters of JSON of their inputs together. Default 5 Mi. */
  readonly maxLength?: number | undefined
  /** How long the server remembers answers. A call that may have arrived earlier than that is parked. Default 23 h. */
  readonly idempotencyWindowMs?: number | undefined
  /** Told when the store fails: calls are then held in memory, and lost with the page. */
  readonly onProblem?: ((error: unknown) => void) | undefined
  readonly clock?: Clock | undefined
}

/** A call that has no answer yet. */
export interface OutboxItem {
  /** Idempotency key of the call. */
  readonly id: string
  readonly command: string
  readonly input: unknown
  readonly note?: unknown
  readonly addedAt: number
  /** `parked`: the server would not have it; retry or discard it. The others do not wait for it. */
  readonly state: 'waiting' | 'parked'
  /** It outlives the page. */
  readonly durable: boolean
  readonly error?: ParleyError
}

export interface SendOptions {
  /** The idempotency key; made when absent. The same id twice is the same call. */
  readonly id?: string | undefined
  readonly priority?: Priority | undefined
  /** Kept beside the call, for the application alone. */
  readonly note?: unknown
}

/** Calls a page may be closed on: each is kept until the server has answered, and its effect happens once. */
export interface DurableOutbox {
  /** Resolves when what was kept before is known. */
  readonly ready: Promise<void>
  /** In the order in which they were sent; a new array with each change. */
  readonly items: readonly OutboxItem[]
  watch(listener: () => void): () => void
  /** Resolves with the answer, however long it takes; rejects when the call is parked or discarded. */
  send(command: string, input: unknown, options?: SendOptions): Promise<unknown>
  /** The answer to a call of an earlier life or another tab. Rejects with `not_found` for one that is not here. */
  answerTo(id: string): Promise<unknown>
  /** Sends a parked call again under its key, behind those that wait. */
  retry(id: string): Promise<unknown>
  /** Gives a call up. One that is on its way may still arrive. */
  discard(id: string): Promise<void>
  /** Stops sending; what is kept stays for the next life. */
  close(): Promise<void>
  /** Stops, and removes everything, what other tabs have written too: at sign-out. */
  wipe(): Promise<void>
}

const defaults = { maxItems: 1_000, maxLength: 5 * 1024 * 1024, idempotencyWindowMs: 23 * 60 * 60 * 1000 }
/** Calls given to the client at a time. */
const maxUnderWay = 100
/** What calls are rejected with when the client is disconnected, gives up, or is somebody else's. */
const withoutConnection: ReadonlySet<string> = new Set(['disconnected', 'connection_failed', 'cancelled'])
/** A call without an answer is repeated under its key so often. */
const maxTimeouts = 5
/** A clock that went back by more tells nothing about the age of a call. */
const clockSlackMs = 5 * 60_000

/** Makes an outbox. It loads what is kept, and sends it whenever the client is connected. */
export function createOutbox(options: OutboxOptions): DurableOutbox {
  return new Outbox(options)
}

class Outbox implements DurableOutbox {
  readonly #options: OutboxOptions
  readonly #clock: Clock
  readonly #mirror: Mirror
  readonly #turns: Turns
  readonly #underWay = new Map<string, AbortController>()
  /** Answers that did not come in time, by call. */
  readonly #timeouts = new Map<string, number>()
  readonly #stops: readonly (() => void)[]
  readonly ready: Promise<void>
  #isClosed = false
  #isWiped = false
  #isPumping = false
  #isPumpWanted = false

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#turns = options.turns ?? browserTurns(`parley-outbox ${options.user ?? ''}`)
    this.#mirror = new Mirror(options.store, (error) => options.onProblem?.(error))
    const pump = (): void => void this.#pump()
    this.#stops = [
      options.client.on('status', pump),
      this.#turns.watch((notice) => {
        if (notice === undefined) return pump()
        if (notice.type === 'wiped') this.#failAll('The user has signed out in another tab.')
        if (notice.type === 'answered') this.#mirror.settle(notice.id, notice.output)
        if (notice.type === 'discarded') this.#giveUp(notice.id)
        void this.#mirror.load().then(pump)
      }),
    ]
    this.ready = this.#mirror.load()
    void this.ready.then(() => {
      // Whoever wrote it may have crashed before the others were told.
      if (this.#mirror.records.length > 0) this.#turns.tell({ type: 'changed' })
      pump()
    })
  }

  get items(): readonly OutboxItem[] {
    return this.#mirror.items
  }

  readonly watch = (listener: () => void): (() => void) => this.#mirror.watch(listener)

  send(command: string, input: unknown, options: SendOptions = {}): Promise<unknown> {
    return unhurried(this.#send(command, input, options))
  }

  async #send(command: string, input: unknown, options: SendOptions): Promise<unknown> {
    const record = this.#record(command, input, options)
    const before = this.#mirror.find(record.id)
    if (before !== undefined)
      return before.refusal === undefined ? this.answerTo(record.id) : this.retry(record.id)
    return this.#put(record)
  }

  async #put(record: OutboxRecord, replaced?: number): Promise<unknown> {
    const answer = this.#mirror.answer(record.id)
    await this.#mirror.add(record)
    if (replaced !== undefined) await this.#mirror.remove([replaced])
    // Signed out while it was written: nothing of it stays.
    if (this.#isWiped) await this.#mirror.clear()
    this.#turns.tell({ type: 'changed' })
    void this.#pump()
    return answer
  }

  answerTo(id: string): Promise<unknown> {
    const item = this.#mirror.find(id)
    if (item === undefined)
      return Promise.reject(new ParleyError('not_found', 'No call with this id waits here.'))
    if (item.refusal !== undefined) return Promise.reject(ParleyError.from(item.refusal))
    return this.#mirror.answer(id)
  }

  retry(id: string): Promise<unknown> {
    const item = this.#mirror.find(id)
    if (item?.refusal === undefined)
      return Promise.reject(new ParleyError('not_found', 'No parked call has this id.'))
    const { refusal: _gone, attemptedAt: _forgotten, seq, ...record } = item
    return unhurried(this.#put(record, seq))
  }

  async discard(id: string): Promise<void> {
    const item = this.#mirror.find(id)
    if (item === undefined) return
    this.#giveUp(id)
    await this.#mirror.remove([item.seq])
    this.#turns.tell({ type: 'discarded', id })
  }

  #giveUp(id: string): void {
    this.#mirror.fail(id, new ParleyError('cancelled', 'The call was discarded.'))
    this.#underWay.get(id)?.abort()
  }

  async close(): Promise<void> {
    this.#stop('The outbox was closed; what waits is sent by the next one.')
    await this.#mirror.close()
  }

  async wipe(): Promise<void> {
    this.#isWiped = true
    await this.#mirror.clear()
    this.#turns.tell({ type: 'wiped' })
    this.#stop('The user has signed out.')
    await this.#mirror.close()
  }

  #stop(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    this.#turns.close()
    this.#failAll(reason)
  }

  #failAll(reason: string): void {
    for (const call of this.#underWay.values()) call.abort()
    this.#mirror.failAll(new ParleyError('cancelled', reason))
  }

  #record(command: string, input: unknown, { id, priority, note }: SendOptions): OutboxRecord {
    const { client, maxItems = defaults.maxItems, maxLength = defaults.maxLength } = this.#options
    if (this.#isClosed || this.#isWiped) throw new ParleyError('disconnected', 'The outbox was closed.')
    const length = JSON.stringify(input ?? null).length
    if (this.#mirror.items.length >= maxItems || this.#mirror.length + length > maxLength)
      throw new ParleyError(
        'overloaded',
        `The outbox is full: ${this.#mirror.items.length} calls wait. Wait for the connection, or discard some.`,
      )
    return {
      ...{ id: id ?? client.newId(), command, input, addedAt: this.#clock.now() },
      ...(priority === undefined ? {} : { priority }),
      ...(note === undefined ? {} : { note }),
      // Spares the call a second write: it goes out as soon as it is kept.
      ...(this.#canSend ? { attemptedAt: this.#clock.now() } : {}),
    }
  }

  get #isConnected(): boolean {
    const { client, user } = this.#options
    if (this.#isClosed || this.#isWiped || client.status !== 'connected') return false
    return user === undefined || client.connection.user === user
  }

  get #canSend(): boolean {
    return this.#turns.isOurs && this.#isConnected
  }

  /** Gives the client what waits, in order. */
  async #pump(): Promise<void> {
    this.#isPumpWanted = true
    if (this.#isPumping) return
    this.#isPumping = true
    await this.#mirror.loaded
    while (this.#isPumpWanted && this.#isConnected) {
      this.#isPumpWanted = false
      await this.#sendSome()
    }
    this.#isPumping = false
  }

  async #sendSome(): Promise<void> {
    const now = this.#clock.now()
    // What the store would not take, no other tab can send.
    const { isOurs } = this.#turns
    const ready = (isOurs ? this.#mirror.records : this.#mirror.unstored).filter(
      ({ id, refusal, seq }) => refusal === undefined && seq > 0 && !this.#underWay.has(id),
    )
    const due = ready.slice(0, Math.max(0, maxUnderWay - this.#underWay.size))
    const old = due.filter((record) => this.#isTooOld(record, now))
    await this.#park(old, (record) => tooOld(record))
    const fresh = due.filter((record) => !old.includes(record))
    // What may have arrived is known to have, before it does.
    const first = fresh.filter(({ attemptedAt }) => attemptedAt === undefined)
    await this.#mirror.update(first.map((record) => ({ ...record, attemptedAt: now })))
    if (isOurs ? this.#canSend : this.#isConnected) for (const record of fresh) this.#call(record)
  }

  #isTooOld({ attemptedAt }: StoredRecord, now: number): boolean {
    if (attemptedAt === undefined) return false
    const { idempotencyWindowMs = defaults.idempotencyWindowMs } = this.#options
    return now - attemptedAt > idempotencyWindowMs || attemptedAt - now > clockSlackMs
  }

  #call({ id, command, input, priority }: StoredRecord): void {
    if (this.#mirror.find(id) === undefined) return
    const end = new AbortController()
    const how = { key: id, signal: end.signal, ...(priority === undefined ? {} : { priority }) }
    this.#underWay.set(id, end)
    this.#options.client.call(command, input, how).then(
      (output) => this.#answered(id, output),
      (error: unknown) => this.#refused(id, error),
    )
  }

  #answered(id: string, output: unknown): void {
    this.#underWay.delete(id)
    const record = this.#mirror.find(id)
    // The others hear of the answer before it can be lost with us.
    this.#turns.tell({ type: 'answered', id, output })
    this.#mirror.settle(id, output)
    this.#timeouts.delete(id)
    if (record === undefined) return
    void this.#mirror.remove([record.seq]).then(() => {
      this.#turns.tell({ type: 'changed' })
      void this.#pump()
    })
  }

  #refused(id: string, cause: unknown): void {
    this.#underWay.delete(id)
    const record = this.#mirror.find(id)
    const error = cause instanceof ParleyError ? cause : new ParleyError('internal', String(cause), { cause })
    if (record === undefined || this.#isClosed) return
    // Nobody refused it: the connection was taken from us, or given to somebody else. It waits for the next.
    if (withoutConnection.has(error.code)) return void this.#pump()
    const timeouts = (this.#timeouts.get(id) ?? 0) + 1
    if (error.code === 'timeout' && timeouts <= maxTimeouts) {
      this.#timeouts.set(id, timeouts)
      return void this.#pump()
    }
    this.#timeouts.delete(id)
    void this.#park([record], () => error)
  }

  async #park(records: readonly StoredRecord[], why: (record: StoredRecord) => ParleyError): Promise<void> {
    if (records.length === 0) return
    await this.#mirror.update(records.map((record) => ({ ...record, refusal: why(record).toBody() })))
    for (const record of records) this.#mirror.fail(record.id, why(record))
    this.#turns.tell({ type: 'changed' })
    void this.#pump()
  }
}

/** Its failure is shown in the items: nobody has to wait for it. */
function unhurried<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

function tooOld({ command, attemptedAt }: StoredRecord): ParleyError {
  const since = new Date(attemptedAt ?? 0).toISOString()
  return new ParleyError(
    'outcome_unknown',
    `\`${command}\` may have been done since ${since}, and the server no longer remembers. Look before you send it again.`,
  )
}
