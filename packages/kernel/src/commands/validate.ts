import { ParleyError, type Schema } from '@parley/protocol'

/**
 * Checks a value against a schema.
 *
 * @throws ParleyError `bad_request` whose message names the first field at fault and whose details name all
 */
export function validate<Output>(schema: Schema<unknown, Output>, value: unknown): Output {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) throw new TypeError('Schemas of commands must validate synchronously.')
  if (result.issues === undefined) return result.value
  const issues = result.issues.slice(0, 20).map(({ message, path }) => ({
    path: (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    message,
  }))
  const [first] = issues
  const where = first === undefined || first.path === '' ? 'The input' : `\`${first.path}\``
  throw new ParleyError('bad_request', `${where}: ${first?.message ?? 'does not fit the schema'}.`, {
    details: { issues },
  })
}
