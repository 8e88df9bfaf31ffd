import type { z } from 'zod'
import { didYouMean, isTree, type Layer, type Mistake, type Tree } from './layers.ts'
import { configSchema, type Settings } from './schema.ts'
import { expectation, keysAt, type Path, schemaAt, suggestion } from './shape.ts'
import { withoutUrlPasswords } from './url-passwords.ts'

/** Thrown when a server cannot start as it is configured. The message names every mistake. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly mistakes: readonly Mistake[]

  constructor(mistakes: readonly Mistake[]) {
    const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`
    super(`The configuration has ${count}:\n${mistakes.map((one) => `- ${describe(one)}`).join('\n')}`)
    this.mistakes = mistakes
  }
}

function describe({ key, problem, source }: Mistake): string {
  const mark = problem.endsWith('?') || problem.endsWith('.') ? '' : '.'
  return `${key === undefined ? '' : `${key}: `}${problem}${mark} (${source})`
}

/**
 * Joins layers, the lowest first, and checks the whole.
 *
 * @throws ConfigurationError
 */
export function checkLayers(layers: readonly Layer[]): Settings {
  const values = layers.reduce<Tree>((below, { values: above }) => merge(below, above), {})
  const parsed = configSchema.safeParse(values)
  const mistakes = [
    ...layers.flatMap((layer) => layer.mistakes),
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => fromIssue(issue, values, layers))),
  ]
  const unique = mistakes.filter(
    (one, index) => mistakes.findIndex((other) => describe(other) === describe(one)) === index,
  )
  if (unique.length > 0 || !parsed.success) throw new ConfigurationError(unique)
  return parsed.data
}

/** Where the value of a place comes from: the highest layer that sets it. */
export function sourceOf(layers: readonly Layer[], path: Path): string {
  const highest = layers.findLast((layer) => valueAt(layer.values, path) !== undefined)
  if (highest !== undefined) return highest.sourceOf(path)
  return path.length > 1 ? sourceOf(layers, path.slice(0, -1)) : 'nowhere set'
}

function fromIssue(issue: z.core.$ZodIssue, values: Tree, layers: readonly Layer[]): readonly Mistake[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const path = [...issue.path, key]
      const meant = suggestion(key, keysAt(configSchema, issue.path))
      return {
        key: path.join('.'),
        problem: `unknown key${didYouMean(meant)}`,
        source: sourceOf(layers, path),
      }
    })
  const { path } = issue
  const at = { key: path.join('.'), source: sourceOf(layers, path) }
  if (issue.code === 'custom') return [{ ...at, problem: issue.message }]
  // The issue of a record key has the key as the last step: it is the name that is wrong there.
  const isName = issue.code === 'invalid_key'
  const schema = schemaAt(configSchema, path)
  const expected = isName ? nameExpectation(issue) : schema && expectation(schema)
  const value = isName ? path.at(-1) : valueAt(values, path)
  const got = value === undefined ? 'but nothing is set' : `got ${shown(path, value)}`
  return [{ ...at, problem: `expected ${expected ?? issue.message}, ${got}` }]
}

function nameExpectation(issue: z.core.$ZodIssueInvalidKey): string {
  return issue.issues[0]?.message ?? 'another name'
}

const secrets = new Set([
  ...['key', 'secret', 'secretHash', 'password', 'token'],
  ...['accessKeyId', 'secretAccessKey', 'sessionToken', 'headers'],
])

/** A value as it may be shown: of what may be a secret only how long it is. */
export function withoutSecrets(path: Path, value: unknown): unknown {
  if (path.some((step) => secrets.has(String(step)))) return `[secret of ${String(value).length} characters]`
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(path, item))
  return typeof value === 'string' ? withoutUrlPasswords(value) : value
}

/** A value in words. */
function shown(path: Path, given: unknown): string {
  const value = withoutSecrets(path, given)
  if (value !== given && typeof given !== 'object') return String(value)
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a mapping'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

/** What stands at a place; undefined where nothing does. */
export function valueAt(values: unknown, path: Path): unknown {
  let value = values
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<PropertyKey, unknown>)[step]
  }
  return value
}

// Mappings are joined, everything else is replaced. `null` takes a default away.
function merge(below: Tree, above: Tree): Tree {
  const joined: Record<string, unknown> = { ...below }
  for (const [key, value] of Object.entries(above)) {
    const under = joined[key]
    if (value === null || value === undefined) delete joined[key]
    else joined[key] = isTree(value) && isTree(under) ? merge(under, value) : value
  }
  return joined
}
