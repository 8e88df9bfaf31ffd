import type { RegisteredCommand } from '@parley/kernel'
import { type JsonSchema, jsonSchemaOf, type Permission, takesKey } from '@parley/protocol'
import { restRoute } from '../rest-route.ts'
import { errorsOf, type ReferencedError } from './command-errors.ts'

/** A command as its contract says it. */
export type DocumentedCommand = Pick<RegisteredCommand, 'name' | 'module' | 'contract'>

/** All that a reader has to know of a command. */
export interface CommandReference {
  /** `chat.send` */
  readonly name: string
  readonly module: string
  readonly summary: string
  readonly description: string
  readonly method: string
  /** Path under the prefix of the REST routes, with `{names}` of input fields. */
  readonly path: string
  /** Who may call it, as a sentence. */
  readonly needs: string
  /** What its calls count against, and what else bounds them, as sentences. */
  readonly limits: readonly string[]
  /** Whether repeats are told by an idempotency key. */
  readonly takesKey: boolean
  readonly input: JsonSchema
  readonly output: JsonSchema
  /** An input that works; undefined where the contract gives none. */
  readonly example: unknown
  readonly errors: readonly ReferencedError[]
}

/** Reads a contract for people. */
export function commandReference({ name, module, contract }: DocumentedCommand): CommandReference {
  const { method, path } = restRoute(contract)
  return {
    name,
    module,
    summary: contract.summary,
    description: contract.description ?? '',
    method,
    path,
    needs: needsOf(contract.permission),
    limits: limitsOf({ name, module, contract }),
    takesKey: takesKey(contract),
    input: jsonSchemaOf(contract.input, 'input', 'draft-2020-12'),
    output: jsonSchemaOf(contract.output, 'output', 'draft-2020-12'),
    example: contract.example,
    errors: errorsOf(contract),
  }
}

/** Who may call a command, as a sentence. */
export function needsOf(permission: Permission): string {
  if (permission === 'public') return 'Needs no credentials.'
  if (permission === 'anyone') return 'Needs valid credentials.'
  if (permission === 'internal') return 'Needs an app key that may `manage` the app.'
  if (permission === 'operator') return 'Needs a token or key of the app `default` that may `manage` it.'
  const where = permission.channel === undefined ? 'the app' : `the channel in \`${permission.channel}\``
  return `Needs \`${permission.action}\` on ${where}.`
}

/** The rate class of a command: what its calls are counted as. */
export function rateClassOf({ rateClass, readOnly }: DocumentedCommand['contract']): string {
  return rateClass ?? (readOnly === true ? 'read' : 'write')
}

function limitsOf({ contract }: DocumentedCommand): readonly string[] {
  const { permission, flag } = contract
  const limits = [
    `Rate class \`${rateClassOf(contract)}\`; counted per connection, user, address and app (\`rates\`).`,
    'An input is at most `limits.maxFrameBytes` bytes in one frame, and `limits.maxAssembledBytes` in chunks.',
  ]
  if (typeof permission === 'object' && permission.channel !== undefined)
    limits.push('Calls on one channel are carried out in the order in which a session made them.')
  if (flag !== undefined) limits.push(`Can be switched off with the feature flag \`${flag}\`.`)
  return limits
}
