/** How an operation was begun: by a request, for another system, or to send something to many. */
export type SpanKind = 'server' | 'client' | 'producer'

export interface SpanOptions {
  readonly kind: SpanKind
  /** The trace context (W3C `traceparent`) of what it is a part of; without one, or with one that is none, it begins a trace. */
  readonly parent?: string | undefined
  /** Trace contexts of what led to it, where that is more than one thing. */
  readonly links?: readonly string[]
  readonly attributes?: Readonly<Record<string, string | number>>
}

/** An operation under way. Methods never throw. */
export interface Span {
  /** Its trace context, to be handed on: `00-<trace>-<span>-<flags>`. */
  readonly traceparent: string
  /** Ends it, once. `error`: the code with which it failed. */
  end(error?: string): void
}

/** Where operations are told of as they happen. Names come from a bounded set. */
export interface Tracer {
  start(name: string, options: SpanOptions): Span
}
