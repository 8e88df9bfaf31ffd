import type { JsonSchema, JsonSchemaTarget } from '@parley/protocol'

const schemaLists = ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const
const schemaMaps = ['properties', 'patternProperties'] as const
const definitionPrefix = /^#\/(?:\$defs|definitions)\//
const singleSchemas = ['items', 'additionalProperties', 'not', 'propertyNames', 'contains'] as const

/**
 * The named schemas of a document. A schema that brings definitions of its own, or refers to itself, is taken apart:
 * what it names becomes a component, and its references lead there.
 */
export class Components {
  readonly #schemas = new Map<string, JsonSchema>()
  readonly #target: JsonSchemaTarget

  constructor(target: JsonSchemaTarget) {
    this.#target = target
  }

  add(name: string, schema: JsonSchema): void {
    this.#schemas.set(name, schema)
  }

  /** The schema behind a reference to a component. */
  resolve(schema: JsonSchema): JsonSchema {
    const name = schema.$ref?.replace('#/components/schemas/', '')
    return name === undefined ? schema : (this.#schemas.get(name) ?? {})
  }

  list(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#schemas].sort(([left], [right]) => (left < right ? -1 : 1)))
  }

  /**
   * Puts a schema into the document and answers what stands at its place.
   *
   * @param owner names those parts that have no name of their own
   */
  place(schema: JsonSchema, owner: string): JsonSchema {
    const { $defs, definitions, ...root } = schema
    const parts = Object.entries({ ...$defs, ...definitions })
    const names = new Map(parts.map(([name, part]) => [name, this.#nameFor(name, part, owner)]))
    const refersToItself = JSON.stringify(schema).includes('"$ref":"#"')
    if (refersToItself) names.set('', owner)
    const rename = (reference: string): string => {
      const name = names.get(reference.replace(definitionPrefix, '').replace(/^#$/, ''))
      return name === undefined ? reference : `#/components/schemas/${name}`
    }
    for (const [name, part] of parts)
      this.#schemas.set(names.get(name) as string, this.#convert(part, rename))
    const placed = this.#convert(root, rename)
    if (!refersToItself) return placed
    this.#schemas.set(owner, placed)
    return { $ref: `#/components/schemas/${owner}` }
  }

  /** Parts with a name keep it, unless another schema has it: input and output of one entity may differ. */
  #nameFor(name: string, part: JsonSchema, owner: string): string {
    if (name.startsWith('__')) return `${owner}.${name.replaceAll('_', '')}`
    const taken = this.#schemas.get(name)
    const inPlace = (reference: string) => reference.replace(definitionPrefix, '#/components/schemas/')
    const same = taken === undefined || JSON.stringify(taken) === JSON.stringify(this.#convert(part, inPlace))
    return same ? name : `${owner}.${name}`
  }

  #convert(schema: JsonSchema, rename: (reference: string) => string): JsonSchema {
    const convert = (part: unknown): unknown =>
      typeof part === 'object' && part !== null ? this.#convert(part as JsonSchema, rename) : part
    const result: Record<string, unknown> = { ...schema }
    if (schema.$ref !== undefined) result.$ref = rename(schema.$ref)
    for (const key of schemaLists) if (Array.isArray(schema[key])) result[key] = schema[key].map(convert)
    for (const key of singleSchemas) if (key in schema) result[key] = convert(schema[key])
    for (const key of schemaMaps) {
      const map = schema[key]
      if (typeof map === 'object' && map !== null)
        result[key] = Object.fromEntries(Object.entries(map).map(([name, part]) => [name, convert(part)]))
    }
    // What JSON numbers can be exactly, anyway.
    if (result.minimum === Number.MIN_SAFE_INTEGER) delete result.minimum
    if (result.maximum === Number.MAX_SAFE_INTEGER) delete result.maximum
    return this.#target === 'openapi-3.0' ? forOpenApi30(result) : result
  }
}

/** OpenAPI 3.0 knows neither the type `null` nor `examples`. */
function forOpenApi30(schema: Record<string, unknown>): JsonSchema {
  const { examples, ...rest } = schema
  if (Array.isArray(examples) && rest.example === undefined) rest.example = examples[0]
  return rest.type === 'null' ? { ...rest, type: 'string', nullable: true, enum: [null] } : rest
}
