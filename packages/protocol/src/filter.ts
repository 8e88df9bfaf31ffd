/**
 * The filter language: a small tree of comparisons, evaluated without loops over user input, calls or back-tracking.
 *
 *     { "field": "type", "eq": "order.placed" }
 *     { "all": [ { "field": "data.total", "gt": 100 }, { "field": "tags.region", "in": ["eu", "us"] } ] }
 *
 * Fields: `type`, `by`, `tags.<name>`, `data.<path>` (dots step into objects, not into lists). A comparison with a
 * missing field, or of different types, is false; `ne` and `exists: false` are true for a missing field. Texts are
 * compared by UTF-16 code units. PROTOCOL.md §8 says the same for other languages.
 */
/** What a field can be compared with. */
export type Scalar = string | number | boolean | null

/** Compares one field; several operators must all hold. */
export interface Comparison {
  readonly field: string
  readonly eq?: Scalar
  readonly ne?: Scalar
  readonly gt?: number | string
  readonly gte?: number | string
  readonly lt?: number | string
  readonly lte?: number | string
  readonly in?: readonly Scalar[]
  readonly prefix?: string
  readonly exists?: boolean
}

/** A filter as it is written; {@link compileFilter} says whether it is well formed. */
export type Filter =
  | Comparison
  | { readonly all: readonly Filter[] }
  | { readonly any: readonly Filter[] }
  | { readonly not: Filter }

/** Bounds of a filter: comparisons and groups, levels of nesting below the first, characters, list items. */
export const filterLimits = { maxNodes: 32, maxDepth: 6, maxTextLength: 256, maxListLength: 64 } as const

/** What a filter looks at. */
export interface FilterSubject {
  readonly type: string
  readonly data: unknown
  readonly by?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** A filter ready to run. */
export interface CompiledFilter {
  /** Equal for filters that mean the same by form: keys, operands and list items are sorted. */
  readonly canonical: string
  readonly matches: (subject: FilterSubject) => boolean
}

const operators: readonly string[] = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'prefix', 'exists']
const fieldPattern = /^(type|by|tags\.[\w-]{1,64}|data(\.[\w-]{1,64}){1,8})$/

/**
 * Checks, canonicalises and compiles a filter.
 *
 * @returns the compiled filter, or a sentence that says what is wrong
 */
export function compileFilter(filter: unknown): CompiledFilter | string {
  const matches = filterTest(filter)
  return typeof matches === 'string' ? matches : { canonical: canonicalText(filter as Filter), matches }
}

/** As {@link compileFilter}, for who has one filter and compares it with no other: the test alone. */
export function filterTest(filter: unknown): Test | string {
  return parse(filter, 0, { nodes: filterLimits.maxNodes })
}

/** The text of a filter that was checked. */
function canonicalText(filter: Filter): string {
  if ('not' in filter) return `!(${canonicalText(filter.not)})`
  if ('all' in filter) return `all(${sorted(filter.all.map(canonicalText))})`
  if ('any' in filter) return `any(${sorted(filter.any.map(canonicalText))})`
  const { field, ...operands } = filter
  const texts = Object.entries(operands).map(([key, operand]: [string, unknown]) =>
    Array.isArray(operand)
      ? `${key}:[${sorted(operand.map((item) => JSON.stringify(item)))}]`
      : `${key}:${JSON.stringify(operand)}`,
  )
  return `${field}{${texts.sort().join(',')}}`
}

/** Texts in their order, each once. */
const sorted = (texts: readonly string[]): string => [...new Set(texts)].sort().join(',')

type Test = (subject: FilterSubject) => boolean

function parse(value: unknown, depth: number, budget: { nodes: number }): Test | string {
  if (depth > filterLimits.maxDepth) return `A filter is at most ${filterLimits.maxDepth} levels deep.`
  budget.nodes -= 1
  if (budget.nodes < 0) return `A filter has at most ${filterLimits.maxNodes} parts.`
  if (!isRecord(value)) return 'A filter is an object.'
  if (Object.hasOwn(value, 'all') || Object.hasOwn(value, 'any')) return parseList(value, depth, budget)
  if (Object.hasOwn(value, 'not')) {
    if (Object.keys(value).length !== 1) return 'A `not` filter has no other key.'
    const inner = parse(value.not, depth + 1, budget)
    if (typeof inner === 'string') return inner
    return (subject) => !inner(subject)
  }
  return parseComparison(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseList(record: Record<string, unknown>, depth: number, budget: { nodes: number }): Test | string {
  const keys = Object.keys(record)
  const word = keys[0]
  const list = word === undefined ? undefined : record[word]
  if (keys.length !== 1 || (word !== 'all' && word !== 'any') || !Array.isArray(list) || list.length === 0)
    return 'Give either `all` or `any`, with a list of one filter or more.'
  const tests: Test[] = []
  for (const item of list) {
    const test = parse(item, depth + 1, budget)
    if (typeof test === 'string') return test
    tests.push(test)
  }
  return word === 'all'
    ? (subject) => tests.every((test) => test(subject))
    : (subject) => tests.some((test) => test(subject))
}

function parseComparison(record: Record<string, unknown>): Test | string {
  const { field } = record
  if (typeof field !== 'string' || !fieldPattern.test(field))
    return '`field` is `type`, `by`, `tags.<name>` or `data.<path>`.'
  const keys = Object.keys(record).filter((key) => key !== 'field')
  if (keys.length === 0) return `Compare \`${field}\` with one of: ${operators.join(', ')}.`
  const tests: ((value: unknown) => boolean)[] = []
  for (const key of keys) {
    const operand = record[key]
    if (!operators.includes(key))
      return `There is no operator \`${key.slice(0, 32)}\`. Use one of: ${operators.join(', ')}.`
    const test = comparison(key, operand)
    if (typeof test === 'string') return test
    tests.push(test)
  }
  const read = reader(field)
  return (subject) => {
    const value = read(subject)
    return tests.every((test) => test(value))
  }
}

function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'string') return value.length <= filterLimits.maxTextLength
  return value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
}

function comparison(operator: string, operand: unknown): ((value: unknown) => boolean) | string {
  if (operator === 'exists')
    return typeof operand === 'boolean'
      ? (value) => (value !== undefined) === operand
      : '`exists` is true or false.'
  if (operator === 'in') {
    if (!Array.isArray(operand) || operand.length > filterLimits.maxListLength || !operand.every(isScalar))
      return `\`in\` is a list of at most ${filterLimits.maxListLength} scalars.`
    const set = new Set<unknown>(operand)
    return (value) => set.has(value)
  }
  if (!isScalar(operand))
    return `\`${operator}\` takes a scalar of at most ${filterLimits.maxTextLength} characters.`
  if (operator === 'eq') return (value) => value === operand
  if (operator === 'ne') return (value) => value !== operand
  if (operator === 'prefix')
    return typeof operand === 'string'
      ? (value) => typeof value === 'string' && value.startsWith(operand)
      : '`prefix` takes a text.'
  return ordering(operator, operand)
}

function ordering(operator: string, operand: Scalar): ((value: unknown) => boolean) | string {
  if (typeof operand !== 'number' && typeof operand !== 'string')
    return `\`${operator}\` takes a number or a text.`
  const comparable = (value: unknown): value is number | string => typeof value === typeof operand
  switch (operator) {
    case 'gt':
      return (value) => comparable(value) && value > operand
    case 'gte':
      return (value) => comparable(value) && value >= operand
    case 'lt':
      return (value) => comparable(value) && value < operand
    default:
      return (value) => comparable(value) && value <= operand
  }
}

function reader(field: string): (subject: FilterSubject) => unknown {
  const [root, ...path] = field.split('.')
  if (root === 'type') return (subject) => subject.type
  if (root === 'by') return (subject) => subject.by
  return (subject) => {
    let value: unknown = root === 'tags' ? subject.tags : subject.data
    for (const step of path) {
      if (!isRecord(value) || !Object.hasOwn(value, step)) return undefined
      value = value[step]
    }
    return value
  }
}
