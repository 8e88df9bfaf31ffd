import { type Action, type CompiledFilter, type Filter, ParleyError } from '@parley/protocol'
import type { TokenBuckets } from '../access/token-bucket.ts'
import { historyFilter } from '../channels/subscribing.ts'
import { utf8Length } from '../channels/wire-text.ts'
import type { AccessChange, AppendedEvent, ChannelsAccess, Context, ModuleState } from '../context.ts'
import { originFields } from '../inspection/origin-fields.ts'
import type { Jobs } from '../jobs/job.ts'
import { type JobDesk, UnitJobs } from '../jobs/unit-jobs.ts'
import type { Kind, Kinds } from '../kind.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import {
  type Assertion,
  controlChannel,
  type RecordRow,
  type Redaction,
  type SqlStatement,
  type SqlValue,
  type Store,
  type UnitEvent,
  type UnitStatement,
  type Write,
} from '../ports/store.ts'
import type { Caller } from './call.ts'
import { offsetsIn } from './unit-offsets.ts'

/** What a context needs of the node; the same for all calls. */
export interface ContextServices {
  readonly clock: Clock
  readonly log: Logger
  readonly kinds: Kinds
  readonly store: Store
  readonly publishRates: (kind: Kind) => TokenBuckets | undefined
  readonly channelsOf: (app: string) => ChannelsAccess
  readonly stateOf: (app: string) => ModuleState
  readonly jobs: JobDesk
  readonly require: (identity: Identity, action: Action, channel: string | undefined) => Promise<void>
  /** Runs another command as a part of this call. */
  readonly call: (caller: Caller, command: string, input: unknown) => Promise<unknown>
}

/** What a context needs of the call. */
export interface ContextCall {
  readonly identity: Identity
  readonly session: string | undefined
  readonly requestId: string
  readonly traceparent: string | undefined
  readonly attempt: 1 | 2
  /** Fulfilled when earlier units of the same ordering key are committed or refused. */
  readonly earlier: () => Promise<unknown> | undefined
}

export interface CollectedEvent {
  readonly event: UnitEvent
  readonly kind: Kind
}

/** Collects what one run of a handler wants to change. */
export class UnitContext implements Context {
  readonly identity: Identity
  readonly session: string | undefined
  readonly requestId: string
  readonly traceparent: string | undefined
  readonly attempt: 1 | 2
  readonly events: CollectedEvent[] = []
  readonly writes: Write[] = []
  readonly assertions: Assertion[] = []
  /** Undefined when there are none. */
  redactions: Redaction[] | undefined
  #whenCommitted: (() => void)[] | undefined
  #log: Logger | undefined
  readonly #services: ContextServices
  readonly #earlier: () => Promise<unknown> | undefined

  constructor(services: ContextServices, call: ContextCall) {
    this.#services = services
    this.identity = call.identity
    this.session = call.session
    this.requestId = call.requestId
    this.traceparent = call.traceparent
    this.attempt = call.attempt
    this.#earlier = call.earlier
  }

  get app(): string {
    return this.identity.app
  }

  get user(): string | undefined {
    return this.identity.user
  }

  get clock(): Clock {
    return this.#services.clock
  }

  get log(): Logger {
    this.#log ??= this.#services.log.child(originFields(this))
    return this.#log
  }

  get channels(): ChannelsAccess {
    return this.#services.channelsOf(this.app)
  }

  get state(): ModuleState {
    return this.#services.stateOf(this.app)
  }

  get jobs(): Jobs {
    return new UnitJobs(this, this.#services.jobs)
  }

  /** Has something called when the unit is committed. */
  whenCommitted(run: () => void): void {
    this.#whenCommitted ??= []
    this.#whenCommitted.push(run)
  }

  committed(): void {
    for (const run of this.#whenCommitted ?? []) run()
  }

  /** Nothing is to be changed, and nothing to be checked. */
  get isEmpty(): boolean {
    const { events, writes, assertions, redactions } = this
    return events.length + writes.length + assertions.length === 0 && redactions === undefined
  }

  append(appended: AppendedEvent): number {
    if (appended.channel === controlChannel)
      throw new ParleyError('forbidden', 'Access changes are made by `change`, and by nothing else.')
    return this.#add(appended)
  }

  redact(channel: string, offset: number): void {
    const kind = this.#services.kinds.of(channel)
    if (kind.module === 'kernel') throw new ParleyError('forbidden', 'Access changes are never redacted.')
    if (kind.durability !== 'durable')
      throw new RangeError(
        `A unit redacts events of durable kinds; kind \`${kind.name}\` is ${kind.durability}.`,
      )
    this.redactions ??= []
    this.redactions.push({ channel, offset })
  }

  #add(appended: AppendedEvent): number {
    const { channel, type, id, tags, by = this.user } = appended
    const kind = this.#services.kinds.of(channel)
    const data = JSON.stringify(appended.data ?? null)
    this.#checkSize(kind, data)
    const waitMs =
      this.#services.publishRates(kind)?.take(`${this.app}/${channel}`, this.clock.elapsed()) ?? 0
    if (waitMs > 0)
      throw new ParleyError(
        'rate_limited',
        `Channel ${channel} takes ${kind.limits.publishPerSecond} events a second. Wait ${waitMs} ms.`,
        { retryAfterMs: waitMs },
      )
    const event: UnitEvent = {
      channel,
      type,
      data,
      at: this.clock.now(),
      ...(by === undefined ? {} : { by }),
      ...(id === undefined ? {} : { id }),
      ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
      ...(this.traceparent === undefined ? {} : { traceparent: this.traceparent }),
    }
    return this.events.push({ event, kind }) - 1
  }

  #checkSize(kind: Kind, data: string): void {
    const { maxEventBytes } = kind.limits
    // A UTF-16 unit makes at most three bytes: most events need no counting.
    if (data.length * 3 <= maxEventBytes) return
    const bytes = utf8Length(data)
    if (bytes > maxEventBytes)
      throw new ParleyError(
        'payload_too_large',
        `The event has ${bytes} bytes of data; kind \`${kind.name}\` takes ${maxEventBytes}.`,
        {
          details: { limit: 'maxEventBytes', value: maxEventBytes, actual: bytes },
        },
      )
  }

  write(...writes: Write[]): void {
    for (const write of writes) if ('sql' in write) this.#checkOffsets(write)
    this.writes.push(...writes)
  }

  #checkOffsets(statement: UnitStatement): void {
    for (const index of offsetsIn(statement)) {
      const durability = this.events[index]?.kind.durability
      if (durability === 'durable') continue
      const found = durability === undefined ? 'was not appended' : `is of a kind that is ${durability}`
      throw new RangeError(`A statement asks for the offset of event ${index}, which ${found}.`)
    }
  }

  assert(...assertions: Assertion[]): void {
    this.assertions.push(...assertions)
  }

  change(change: AccessChange): void {
    const { type, ...data } = change
    this.#add({ channel: controlChannel, type: `control.${type}`, data })
  }

  async record(table: string, key: string): Promise<RecordRow | undefined> {
    await this.#earlier()
    return this.#services.store.record(this.app, table, key)
  }

  async records(
    table: string,
    options: { readonly prefix?: string; readonly after?: string; readonly limit: number },
  ): Promise<readonly RecordRow[]> {
    await this.#earlier()
    return this.#services.store.records(this.app, table, options)
  }

  async query(statement: SqlStatement): Promise<readonly Readonly<Record<string, SqlValue>>[]> {
    await this.#earlier()
    return this.#services.store.query(statement)
  }

  require(action: Action, channel?: string): Promise<void> {
    return this.#services.require(this.identity, action, channel)
  }

  readFilter(channel: string, wanted?: Filter): CompiledFilter | undefined {
    return historyFilter(this.identity, channel, wanted)
  }

  call(command: string, input: unknown): Promise<unknown> {
    const { identity, requestId, traceparent } = this
    return this.#services.call({ identity, requestId, traceparent, isNested: true }, command, input)
  }
}
