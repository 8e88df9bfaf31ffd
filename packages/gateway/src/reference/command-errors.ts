import {
  type CommandContract,
  errorEntry,
  errorStatus,
  type GenericErrorCode,
  takesKey,
} from '@parley/protocol'

/** An error that a caller may meet. */
export interface ReferencedError {
  readonly code: string
  /** One sentence: what happened and what to do. */
  readonly summary: string
  readonly http: number
  readonly retry: ReturnType<typeof errorEntry>['retry']
}

/** What any command may be answered with. */
const anyCommand: readonly GenericErrorCode[] = [
  'bad_request',
  'rate_limited',
  'overloaded',
  'unavailable',
  'internal',
]
const withCredentials: readonly GenericErrorCode[] = [
  'unauthenticated',
  'token_expired',
  'token_revoked',
  'forbidden',
  'not_found',
]
const withEffect: readonly GenericErrorCode[] = [
  'conflict',
  'idempotency_mismatch',
  'payload_too_large',
  'store_full',
  'outcome_unknown',
  'timeout',
]

/** The errors of a command: those of its module, and those that follow from what it needs and does. */
export function errorsOf(contract: CommandContract): readonly ReferencedError[] {
  const generic = [
    ...anyCommand,
    ...(contract.permission === 'public' ? [] : withCredentials),
    ...(takesKey(contract) ? withEffect : []),
    ...(contract.flag === undefined ? [] : (['disabled'] as const)),
  ]
  const summaries = new Map<string, string>(generic.map((code) => [code, errorEntry(code).summary]))
  for (const [code, summary] of Object.entries(contract.errors ?? {})) summaries.set(code, summary)
  return [...summaries].map(([code, summary]) => {
    const http = errorStatus(code)
    const { retry } = errorEntry(code)
    return { code, summary, http, retry }
  })
}
