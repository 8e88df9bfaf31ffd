import { dereference, type JsonSchema } from '@parley/protocol'

const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/**
 * Reads a value that came as text (in a path or a query) as its schema asks: numbers, true and false, lists (a name
 * given several times, or a JSON array), objects (JSON). What does not fit stays text, for validation to name.
 */
export function fromText(text: string | readonly string[], schema: JsonSchema, root: JsonSchema): unknown {
  const target = dereference(schema, root)
  const branches = target.anyOf ?? target.oneOf ?? target.allOf
  if (branches !== undefined && target.type === undefined) return fromBranches(text, branches, root)
  const types = typeof target.type === 'string' ? [target.type] : (target.type ?? [])
  if (types.includes('array')) return fromList(text, target, root)
  if (typeof text !== 'string') return text
  if (types.includes('string')) return text
  for (const type of types) {
    const value = readAs(type, text)
    if (value !== undefined) return value
  }
  const choices = target.enum ?? (target.const === undefined ? [] : [target.const])
  return choices.find((choice) => String(choice) === text) ?? text
}

function readAs(type: string, text: string): unknown {
  if ((type === 'number' || type === 'integer') && numberPattern.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (type === 'null' && text === 'null') return null
  if (type === 'object') return parseObject(text)
  return undefined
}

function parseObject(text: string): unknown {
  if (!text.startsWith('{')) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fromList(text: string | readonly string[], schema: JsonSchema, root: JsonSchema): unknown {
  const items = typeof schema.items === 'object' ? schema.items : {}
  if (typeof text !== 'string') return text.map((item) => fromText(item, items, root))
  if (text.startsWith('[')) {
    try {
      return JSON.parse(text)
    } catch {
      return text
    }
  }
  return [fromText(text, items, root)]
}

/** The first branch that makes something else of it than text; text itself when a branch takes it. */
function fromBranches(
  text: string | readonly string[],
  branches: readonly JsonSchema[],
  root: JsonSchema,
): unknown {
  for (const branch of branches) {
    const value = fromText(text, branch, root)
    if (value !== text) return value
  }
  return text
}
