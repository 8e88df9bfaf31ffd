import type { CommandContract, Schema } from '@parley/protocol'
import { z } from 'zod'

interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
}

/** What a schema has against a value. */
export function validates(schema: Schema, value: unknown): readonly unknown[] {
  const checked = schema['~standard'].validate(value)
  if (checked instanceof Promise) throw new Error('Schemas of commands are synchronous.')
  return checked.issues ?? []
}

/** An input that is wrong in one place. */
export interface Tampering {
  readonly input: object
  /** It is right over REST: in a path or a query everything is text. */
  readonly isRightAsText: boolean
}

/** Inputs that are wrong in one place each: an unknown field, a missing one, one of another type. */
export function tamperings(contract: CommandContract, example: object): readonly Tampering[] {
  const schema = z.toJSONSchema(contract.input as unknown as z.ZodType, { io: 'input' }) as JsonSchema
  const wrong: Tampering[] = [{ input: { ...example, unheardOf: 1 }, isRightAsText: false }]
  for (const field of schema.required ?? [])
    wrong.push({ input: without(example, field), isRightAsText: false })
  const isText = (field: string) =>
    /^(GET|DELETE)/.test(contract.rest) || contract.rest.includes(`{${field}}`)
  for (const [field, { type }] of Object.entries(schema.properties ?? {})) {
    if (type === undefined || type === 'object') continue
    const isRightAsText = isText(field) && (type === 'string' || type === 'array')
    wrong.push({ input: { ...example, [field]: { not: 'this' } }, isRightAsText })
  }
  return wrong
}

function without(input: object, field: string): object {
  return Object.fromEntries(Object.entries(input).filter(([name]) => name !== field))
}

/** The request that a command's route takes for an input. */
export function restUrl(
  server: string,
  contract: CommandContract,
  input: object,
): { readonly url: string; readonly init: RequestInit & { readonly headers: Record<string, string> } } {
  const [method, path] = contract.rest.split(' ', 2) as [string, string]
  const left: Record<string, unknown> = { ...input }
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = left[name]
    delete left[name]
    return value === undefined ? '' : encodeURIComponent(textOf(value))
  })
  if (method !== 'GET' && method !== 'DELETE')
    return {
      url: `${server}/api${filled}`,
      init: { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(left) },
    }
  const query = new URLSearchParams(Object.entries(left).map(([name, value]) => [name, textOf(value)]))
  return { url: `${server}/api${filled}?${query}`, init: { method, headers: {} } }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
