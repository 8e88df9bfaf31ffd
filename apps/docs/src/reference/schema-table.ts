import type { JsonSchema } from '@parley/protocol'

/** The fields of an object schema as a table of Markdown; what has no fields is said in a line. */
export function schemaTable(schema: JsonSchema): string {
  const rows = fieldsOf(schema, schema, '')
  if (rows.length === 0)
    return typeWords(schema, schema) === 'nothing' ? 'Nothing.' : `${capital(typeWords(schema, schema))}.`
  return ['| Field | Form | Meaning |', '| --- | --- | --- |', ...rows].join('\n')
}

function fieldsOf(schema: JsonSchema, root: JsonSchema, prefix: string, depth = 0): string[] {
  const found = follow(schema, root)
  const required = new Set(found.required ?? [])
  return Object.entries(found.properties ?? {}).flatMap(([name, part]) => {
    const path = `${prefix}${name}`
    const field = follow(part, root)
    const said = [
      part.description ?? field.description,
      field.default === undefined ? undefined : `Default \`${JSON.stringify(field.default)}\`.`,
    ]
    const form = `${typeWords(part, root)}${required.has(name) || field.default !== undefined ? '' : ', optional'}`
    const row = `| \`${path}\` | ${cell(form)} | ${cell(said.filter(Boolean).join(' '))} |`
    const inner = innerObject(field, root)
    return depth < 2 && inner !== undefined
      ? [row, ...fieldsOf(inner.schema, root, `${path}${inner.isList ? '[]' : ''}.`, depth + 1)]
      : [row]
  })
}

function innerObject(
  field: JsonSchema,
  root: JsonSchema,
): { schema: JsonSchema; isList: boolean } | undefined {
  if (field.properties !== undefined) return { schema: field, isList: false }
  const items = typeof field.items === 'object' ? follow(field.items, root) : undefined
  return items?.properties === undefined ? undefined : { schema: items, isList: true }
}

/** What a value looks like, in words: `text of 1 to 200 characters`. */
function typeWords(schema: JsonSchema, root: JsonSchema, depth = 0): string {
  const found = follow(schema, root)
  if (found.const !== undefined) return `\`${JSON.stringify(found.const)}\``
  if (found.enum !== undefined) return found.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ')
  const options = found.anyOf ?? found.oneOf
  if (options !== undefined && depth < 3)
    return [...new Set(options.map((option) => typeWords(option, root, depth + 1)))].join(' or ')
  if (Array.isArray(found.type)) return found.type.join(' or ')
  return simpleWords(found, root, depth)
}

function simpleWords(schema: JsonSchema, root: JsonSchema, depth: number): string {
  switch (schema.type) {
    case 'string':
      return `text${range(schema.minLength, schema.maxLength, 'characters')}`
    case 'integer':
      return `whole number${range(schema.minimum, schema.maximum, '')}`
    case 'number':
      return `number${range(schema.minimum, schema.maximum, '')}`
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'null'
    case 'array': {
      const items =
        typeof schema.items === 'object' && depth < 3 ? typeWords(schema.items, root, depth + 1) : 'anything'
      return `list of ${items}${range(schema.minItems, schema.maxItems, 'entries')}`
    }
    case 'object':
      return 'object'
    default:
      return Object.keys(schema).length === 0 ? 'anything' : 'anything JSON can say'
  }
}

function range(least: unknown, most: unknown, of: string): string {
  const from = typeof least === 'number' && least > Number.MIN_SAFE_INTEGER ? least : undefined
  const to = typeof most === 'number' && most < Number.MAX_SAFE_INTEGER ? most : undefined
  const unit = of === '' ? '' : ` ${of}`
  if (from !== undefined && to !== undefined)
    return from === to ? `, ${from}${unit}` : `, ${from} to ${to}${unit}`
  if (to !== undefined) return `, at most ${to}${unit}`
  return from === undefined || from === 0 ? '' : `, at least ${from}${unit}`
}

function follow(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let found = schema
  for (let hops = 0; found.$ref !== undefined && hops < 8; hops++) {
    const name = /^#\/(?:\$defs|definitions)\/(.+)$/.exec(found.$ref)?.[1]
    found = (name === undefined ? root : (root.$defs?.[name] ?? root.definitions?.[name])) ?? {}
  }
  return found
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** Text for a cell of a table. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')
}
