import type { Schema } from './schema.ts'

/** A JSON Schema, as far as it is looked into here. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema | boolean
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly definitions?: Readonly<Record<string, JsonSchema>>
  readonly description?: string
  readonly default?: unknown
  readonly [keyword: string]: unknown
}

/** `draft-2020-12` is what OpenAPI 3.1 uses, `openapi-3.0` the dialect of OpenAPI 3.0. */
export type JsonSchemaTarget = 'draft-2020-12' | 'openapi-3.0'

/** Standard JSON Schema (https://standardschema.dev/json-schema), which validators may offer beside `validate`. */
interface Converter {
  input(options: ConverterOptions): JsonSchema
  output(options: ConverterOptions): JsonSchema
}

interface ConverterOptions {
  readonly target: JsonSchemaTarget
  readonly libraryOptions?: Readonly<Record<string, unknown>>
}

/**
 * The JSON Schema of what a schema takes or gives. Parts that JSON cannot describe are left open, and so is a schema
 * whose validator offers no JSON Schema.
 */
export function jsonSchemaOf(schema: Schema, side: 'input' | 'output', target: JsonSchemaTarget): JsonSchema {
  const converter = (schema['~standard'] as { readonly jsonSchema?: Converter }).jsonSchema
  if (converter === undefined) return {}
  const { $schema: _, ...found } = converter[side]({ target, libraryOptions: { unrepresentable: 'any' } })
  return found
}

/** The schema behind `#/$defs/…`; a chain of references has an end. */
export function dereference(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let found = schema
  for (let hops = 0; found.$ref !== undefined && hops < 16; hops++) {
    const name = /^#\/(?:\$defs|definitions)\/(.+)$/.exec(found.$ref)?.[1]
    const next = name === undefined ? root : (root.$defs?.[name] ?? root.definitions?.[name])
    if (next === undefined) return {}
    found = next
  }
  return found
}

/** The properties of an object schema; a union or an open schema has none. */
export function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return dereference(schema, schema).properties ?? {}
}
