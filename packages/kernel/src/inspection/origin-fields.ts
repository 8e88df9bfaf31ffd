import type { Identity } from '../ports/authenticator.ts'
import type { LogFields } from '../ports/logger.ts'
import { traceIdOf } from './spans.ts'

interface Origin {
  readonly identity: Identity | undefined
  readonly session?: string | undefined
  readonly requestId: string
  readonly traceparent?: string | undefined
}

/** What a line of the log says of where a call comes from, so that lines, traces and answers are found by each other. */
export function originFields({ identity, session, requestId, traceparent }: Origin): LogFields {
  const traceId = traceIdOf(traceparent)
  return {
    requestId,
    ...(session === undefined ? {} : { session }),
    ...(traceId === undefined ? {} : { traceId }),
    ...(identity === undefined ? {} : { app: identity.app }),
    ...(identity?.user === undefined ? {} : { user: identity.user }),
  }
}
