/** A field of a form, made of a property of a JSON Schema. */
export interface Field {
  readonly name: string
  readonly kind: 'text' | 'number' | 'switch' | 'choice' | 'json'
  readonly isRequired: boolean
  readonly description: string | undefined
  /** Of a choice. */
  readonly options: readonly string[]
}

interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly description?: string
  readonly default?: unknown
}

/** The fields of an input; a schema that is no plain object has none, and is written as JSON. */
export function fieldsOf(input: unknown): readonly Field[] {
  const { properties = {}, required = [] } = (input ?? {}) as Schema
  return Object.entries(properties).map(([name, schema]) => ({
    ...{ name, kind: kindOf(schema), isRequired: required.includes(name) },
    description: descriptionOf(schema),
    options: (schema.enum ?? []).map(String),
  }))
}

function kindOf({ type, enum: options }: Schema): Field['kind'] {
  if (options !== undefined) return 'choice'
  if (type === 'string') return 'text'
  if (type === 'integer' || type === 'number') return 'number'
  return type === 'boolean' ? 'switch' : 'json'
}

function descriptionOf({ description, default: standard }: Schema): string | undefined {
  const said = standard === undefined ? undefined : `Default: ${JSON.stringify(standard)}.`
  return [description, said].filter((part) => part !== undefined).join(' ') || undefined
}

/** What stands in the fields, as texts: an example to begin with. */
export function textsOf(fields: readonly Field[], example: unknown): Readonly<Record<string, string>> {
  const values = (example ?? {}) as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    fields.map(({ name, kind }) => {
      const value = values[name]
      if (value === undefined) return [name, '']
      return [name, kind === 'json' ? JSON.stringify(value, undefined, 2) : String(value)]
    }),
  )
}

/** The input that the texts make, or the field that makes none and why. */
export function inputOf(
  fields: readonly Field[],
  texts: Readonly<Record<string, string>>,
):
  | { readonly input: Readonly<Record<string, unknown>> }
  | { readonly field: string; readonly problem: string } {
  const input: Record<string, unknown> = {}
  for (const field of fields) {
    const text = texts[field.name] ?? ''
    if (text.trim() === '' && field.kind !== 'text') continue
    // An empty text stands for nothing, unless one is wanted.
    if (text === '' && !field.isRequired) continue
    const value = readText(field, text)
    if (value === undefined) return { field: field.name, problem: problems[field.kind] }
    input[field.name] = value.value
  }
  return { input }
}

const problems: Readonly<Record<Field['kind'], string>> = {
  ...{ text: 'Write a text.', number: 'Write a number.', switch: 'Choose true or false.' },
  ...{ choice: 'Choose one.', json: 'This is not JSON.' },
}

function readText({ kind }: Field, text: string): { readonly value: unknown } | undefined {
  if (kind === 'text' || kind === 'choice') return { value: text }
  if (kind === 'switch') return { value: text === 'true' }
  if (kind === 'number') return Number.isFinite(Number(text)) ? { value: Number(text) } : undefined
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
