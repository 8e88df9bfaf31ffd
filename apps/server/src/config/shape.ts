import { z } from 'zod'

/** A place in the configuration: `['tokens', 'clockSkewMs']`. */
export type Path = readonly PropertyKey[]

type AnySchema = z.core.$ZodType

interface Definition {
  readonly type: string
  readonly innerType?: AnySchema
  readonly in?: AnySchema
  readonly shape?: Readonly<Record<string, AnySchema>>
  readonly valueType?: AnySchema
  readonly element?: AnySchema
}

const definitionOf = (schema: AnySchema): Definition => schema._zod.def as Definition

/** Takes what a value may be without (optional, default) off a schema. */
function unwrap(schema: AnySchema): AnySchema {
  const { innerType, in: input } = definitionOf(schema)
  const inner = innerType ?? input
  return inner === undefined ? schema : unwrap(inner)
}

/** The schema of a place; undefined where the configuration has no such place. */
export function schemaAt(schema: AnySchema, path: Path): AnySchema | undefined {
  let current = unwrap(schema)
  for (const step of path) {
    const { shape, valueType, element } = definitionOf(current)
    const next = shape === undefined ? (valueType ?? element) : shape[String(step)]
    if (next === undefined) return undefined
    current = unwrap(next)
  }
  return current
}

/** Names that a place has below it, where they are fixed. */
export function keysAt(schema: AnySchema, path: Path): readonly string[] {
  const found = schemaAt(schema, path)
  return Object.keys((found && definitionOf(found).shape) ?? {})
}

/** Every place with a fixed name, from the outside in. */
export function fixedPaths(schema: AnySchema, path: readonly string[] = []): readonly (readonly string[])[] {
  return keysAt(schema, path).flatMap((key) => [[...path, key], ...fixedPaths(schema, [...path, key])])
}

/** What may stand at a place, in words: `a whole number from 0 to 65535`. */
export function expectation(schema: AnySchema): string {
  const said = (z.globalRegistry.get(schema) as { expected?: string; description?: string } | undefined) ?? {}
  if (said.expected !== undefined) return said.expected
  if (schema instanceof z.ZodNumber) return numberExpectation(schema)
  if (schema instanceof z.ZodEnum) return oneOf(schema.options.map(String))
  if (schema instanceof z.ZodBoolean) return said.description ?? 'true or false'
  if (schema instanceof z.ZodString) return textExpectation(schema)
  if (schema instanceof z.ZodArray) return 'a list'
  return 'a mapping'
}

function numberExpectation({ minValue, maxValue }: z.ZodNumber): string {
  const most = maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER ? undefined : maxValue
  const least = minValue === null || minValue <= Number.MIN_SAFE_INTEGER ? undefined : minValue
  if (least !== undefined && most !== undefined) return `a whole number from ${least} to ${most}`
  return least === undefined ? 'a whole number' : `a whole number of at least ${least}`
}

function textExpectation({ maxLength }: z.ZodString): string {
  return maxLength === null ? 'a text' : `a text of at most ${maxLength} characters`
}

function oneOf(options: readonly string[]): string {
  return options.length === 1 ? String(options[0]) : `${options.slice(0, -1).join(', ')} or ${options.at(-1)}`
}

/** What a text from the environment or the command line means at a place; a text that does not fit stays as it is. */
export function fromText(schema: AnySchema, text: string, parseYaml: (text: string) => unknown): unknown {
  if (schema instanceof z.ZodNumber) return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text
  if (schema instanceof z.ZodBoolean) return switchText[text.trim().toLowerCase()] ?? text
  if (schema instanceof z.ZodString || schema instanceof z.ZodEnum) return text
  if (schema instanceof z.ZodArray && !/^\s*[[{]/.test(text))
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  return parseYaml(text)
}

const switchText: Readonly<Record<string, boolean>> = {
  ...{ true: true, 1: true, yes: true, on: true },
  ...{ false: false, 0: false, no: false, off: false },
}

/** The name among `known` that somebody who wrote `name` most likely meant. */
export function suggestion(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(name.length / 4)) + 1
  for (const candidate of known) {
    const distance = editDistance(plainForm(name), plainForm(candidate))
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

/** `dataDir`, `data-dir` and `DATA_DIR` are one name to a reader. */
export function plainForm(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase()
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substituted, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
