import type { CommandContract, JsonSchema } from '@parley/protocol'
import { errorsOf, type ReferencedError } from '../reference/command-errors.ts'

export const errorSchema: JsonSchema = {
  type: 'object',
  description: 'What went wrong, and whether repeating the same request can help.',
  required: ['code', 'message', 'retryable'],
  properties: {
    code: { type: 'string', description: 'Stable; the meaning of a code never changes.' },
    message: { type: 'string', description: 'For people: what happened and what to do.' },
    retryable: { type: 'boolean' },
    retryAfterMs: { type: 'integer', description: 'Wait so long, in milliseconds, before the next attempt.' },
    help: { type: 'string', description: 'Path of the page on this error.' },
    details: { description: 'Depends on the code: for `bad_request`, the fields that do not fit.' },
  },
}

/** The error answers of a command, by HTTP status. */
export function errorResponses(contract: CommandContract): Readonly<Record<string, unknown>> {
  const byStatus = Map.groupBy(errorsOf(contract), ({ http }) => http)
  const statuses = [...byStatus.keys()].sort((left, right) => left - right)
  return Object.fromEntries(
    statuses.map((status) => [String(status), errorResponse(status, byStatus.get(status) ?? [])]),
  )
}

function errorResponse(status: number, errors: readonly ReferencedError[]): unknown {
  const isLater = errors.some(({ retry }) => retry === 'later') && (status === 429 || status === 503)
  return {
    description: errors.map(({ code, summary }) => `\`${code}\`: ${summary}`).join('\n\n'),
    ...(isLater ? { headers: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } } } : {}),
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  }
}
