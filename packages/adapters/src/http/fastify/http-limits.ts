export interface HttpLimits {
  readonly maxBodyBytes: number
  readonly maxHeaderBytes: number
  readonly maxHeaders: number
  /** A request's headers have to be here after so long. */
  readonly headersTimeoutMs: number
  /** A request has to be here whole after so long; one of a streaming route, a piece of it. */
  readonly requestTimeoutMs: number
  /** A request of a streaming route is over after so long. */
  readonly streamTimeoutMs: number
  /** A route has to answer after so long; the caller is told `timeout`. */
  readonly handlerTimeoutMs: number
  /** A connection without a request is closed after so long. */
  readonly keepAliveTimeoutMs: number
  /** On `close`, requests under way have so long to finish. */
  readonly closeTimeoutMs: number
}

/** Bounds that no ordinary client meets, and that let no slow one hold a connection. */
export const httpLimitDefaults: HttpLimits = {
  maxBodyBytes: 1_048_576,
  maxHeaderBytes: 16_384,
  maxHeaders: 100,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  streamTimeoutMs: 3_600_000,
  handlerTimeoutMs: 30_000,
  keepAliveTimeoutMs: 10_000,
  closeTimeoutMs: 5_000,
}
