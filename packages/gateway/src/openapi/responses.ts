import {
  type CommandContract,
  errorEntry,
  type GenericErrorCode,
  type JsonSchema,
  takesKey,
} from '@parley/protocol'

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

export const errorSchema: JsonSchema = {
  type: 'object',
  description: 'What went wrong, and whether repeating the same request can help.',
  required: ['code', 'message', 'retryable'],
  properties: {
    code: { type: 'string', description: 'Stable; the meaning of a code never changes.' },
    message: { type: 'string', description: 'For people: what happened and what to do.' },
    retryable: { type: 'boolean' },
    retryAfterMs: { type: 'integer', description: 'Wait so long, in milliseconds, before the next attempt.' },
    details: { description: 'Depends on the code: for `bad_request`, the fields that do not fit.' },
  },
}

/** The error answers of a command, by HTTP status. */
export function errorResponses(contract: CommandContract): Readonly<Record<string, unknown>> {
  const generic = [
    ...anyCommand,
    ...(contract.permission === 'public' ? [] : withCredentials),
    ...(takesKey(contract) ? withEffect : []),
    ...(contract.flag === undefined ? [] : (['disabled'] as const)),
  ]
  const summaries = new Map<string, string>(generic.map((code) => [code, errorEntry(code).summary]))
  for (const [code, summary] of Object.entries(contract.errors ?? {})) summaries.set(code, summary)
  const byStatus = Map.groupBy(summaries, ([code]) => errorEntry(code).http)
  const statuses = [...byStatus.keys()].sort((left, right) => left - right)
  return Object.fromEntries(
    statuses.map((status) => [String(status), errorResponse(status, byStatus.get(status) ?? [])]),
  )
}

function errorResponse(
  status: number,
  codes: readonly (readonly [code: string, summary: string])[],
): unknown {
  const isLater =
    codes.some(([code]) => errorEntry(code).retry === 'later') && (status === 429 || status === 503)
  return {
    description: codes.map(([code, summary]) => `\`${code}\`: ${summary}`).join('\n\n'),
    ...(isLater ? { headers: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } } } : {}),
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  }
}
