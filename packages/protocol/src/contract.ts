import type { InputOf, OutputOf, Schema } from './schema.ts'

/** What an identity may do to a channel (or, without a channel, to its app). */
export type Action = 'read' | 'write' | 'presence' | 'manage'

/**
 * Who may call a command: the action needed, and the input field that names the channel it is needed on.
 * Without `channel` the action is needed on the app as a whole (pattern `*`).
 * `'anyone'` needs no more than a valid identity; `'public'` not even that. `'internal'` is for other modules, which call
 * it in the course of a command of their own, and for back ends that may `manage` the app. `'operator'` is for who looks
 * after the whole server: an identity of the app `default` that may `manage` it.
 */
export type Permission =
  | { readonly action: Action; readonly channel?: string }
  | 'anyone'
  | 'public'
  | 'internal'
  | 'operator'

export interface CommandContract<Input = unknown, Output = unknown> {
  /** One sentence for people: what the command does. */
  readonly summary: string
  /** A longer explanation for the reference page. */
  readonly description?: string
  readonly input: Schema<Input>
  readonly output: Schema<Output>
  readonly permission: Permission
  /** Input field whose value orders calls of one session; default: the permission's channel field, else the command. */
  readonly orderBy?: string
  /** `GET /channels/{channel}/history`: method and path under `/api`; `{x}` are input fields. */
  readonly rest: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`
  /** Module error codes that a caller may meet beside the generic ones. */
  readonly errors?: Readonly<Record<string, string>>
  /** An input that works, shown in the reference and used by "try it" forms. */
  readonly example?: unknown
  /** True when the command changes nothing: it takes no idempotency key and writes no audit entry. */
  readonly readOnly?: boolean
  /** True when what the command changes lasts seconds and is stored nowhere: it takes no idempotency key either. */
  readonly ephemeral?: boolean
  /** Command class of the rate limit; default `read` for read-only commands, else `write`. */
  readonly rateClass?: string
  /** A feature flag that must be on. */
  readonly flag?: string
  /** Quick check run in place of the schema on hot paths: true means that the schema would pass the input as it is. */
  readonly precheck?: (input: unknown) => boolean
}

export interface EventContract<Data = unknown> {
  readonly summary: string
  readonly data: Schema<Data>
}

/**
 * Types of the events that a client derives from what becomes of the entries of one name, as far as they are about
 * users. Their data has `channel` and `user` of the entry and the fields of its value; at the end the last
 * one.
 */
export interface StateEvents {
  readonly began?: string
  readonly changed?: string
  readonly ended?: string
}

/** Entries of keyed state that a module keeps; clients set none of this name. */
export interface StateContract<Value = unknown> {
  readonly summary: string
  readonly value: Schema<Value>
  readonly events?: StateEvents
  /** True when the entries say nothing to a client that has lost its connection. */
  readonly fleeting?: boolean
  /**
   * What is shown where several nodes of a cluster keep an entry under one name, of their values, oldest first. Pure.
   * Default: the newest.
   */
  merge?(values: readonly Value[]): Value
}

/** Commands and events of a module, as data. Everything that can be listed is read from here. */
export interface Contract<
  Name extends string = string,
  C extends Readonly<Record<string, unknown>> = Readonly<Record<string, unknown>>,
  E extends Readonly<Record<string, unknown>> = Readonly<Record<string, unknown>>,
  S extends Readonly<Record<string, StateContract>> = Readonly<Record<string, StateContract>>,
> {
  readonly name: Name
  readonly summary: string
  readonly commands: C
  /** Keyed by the full event type: `channels.published`. */
  readonly events: E
  /** Keyed by the name of the entries: `typing`. */
  readonly states?: S
}

type Declared<In, Out, Code extends string> = Omit<CommandContract, 'input' | 'output' | 'errors'> & {
  readonly input: In
  readonly output: Out
  readonly errors?: Readonly<Record<Code, string>>
}

/** Declares a command; the types of input, output and error codes follow from what is declared. */
export function command<In extends Schema, Out extends Schema, Code extends string = never>(
  declaration: Declared<In, Out, Code>,
): Declared<In, Out, Code> {
  return declaration
}

/** Whether repeats of a command are told by an idempotency key. */
export function takesKey({ readOnly, ephemeral }: CommandContract): boolean {
  return readOnly !== true && ephemeral !== true
}

/** Declares an event. */
export function event<D extends Schema>(
  summary: string,
  data: D,
): { readonly summary: string; readonly data: D } {
  return { summary, data }
}

/** Declares a module's contract. */
export function defineContract<
  const Name extends string,
  const C extends Readonly<Record<string, ReturnType<typeof command>>>,
  const E extends Readonly<Record<string, ReturnType<typeof event>>>,
  // biome-ignore lint/complexity/noBannedTypes: a contract without states has none of any name.
  const S extends Readonly<Record<string, StateContract>> = {},
>(contract: {
  readonly name: Name
  readonly summary: string
  readonly commands: C
  readonly events: E
  readonly states?: S
}): Contract<Name, C, E, S> {
  return contract
}

/** What callers send: the schema's input type (defaults may be left out). */
export type CommandInput<K> = K extends { readonly input: infer S } ? InputOf<S> : never
/** What handlers receive: the schema's output type (defaults filled in). */
export type CommandParsed<K> = K extends { readonly input: infer S } ? OutputOf<S> : never
export type CommandOutput<K> = K extends { readonly output: infer S } ? OutputOf<S> : never
export type EventData<K> = K extends { readonly data: infer S } ? OutputOf<S> : never

/** `client.<module>.<command>(input)` for one contract. */
export type Methods<C> =
  C extends Contract<string, infer K, infer _E>
    ? {
        readonly [Name in keyof K]: (
          input: CommandInput<K[Name]>,
          options?: CallOptions,
        ) => Promise<CommandOutput<K[Name]>>
      }
    : never

/** Event type → data for one contract. Map over contracts one by one, then intersect: a union would be `never`. */
export type Payloads<C> =
  C extends Contract<string, infer _K, infer E> ? { readonly [Type in keyof E]: EventData<E[Type]> } : never

/** From what goes first to what can wait. `urgent` is another word for `critical`. */
export type Priority = 'critical' | 'urgent' | 'high' | 'normal' | 'low' | 'background'

export interface CallOptions {
  /**
   * Which of the calls that wait for a connection go first; default `normal`. Calls on one channel never overtake each
   * other: one that is urgent takes those before it along.
   */
  readonly priority?: Priority
  /** Makes repeats safe; made by the client when absent on a command that changes something. */
  readonly key?: string
  readonly signal?: AbortSignal
  /** Trace context (W3C) of what calls: what the server does becomes a part of that trace. */
  readonly traceparent?: string
  /** Milliseconds until `timeout` is thrown; default 15,000. */
  readonly timeoutMs?: number
}
