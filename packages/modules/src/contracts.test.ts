import type { Handlers } from '@parley/kernel'
import type { CommandContract, Schema } from '@parley/protocol'
import { expect, test } from 'vitest'
import { z } from 'zod'
import * as contracts from './contracts.ts'

const commands = Object.values(contracts).flatMap((contract) =>
  Object.entries(contract.commands as Readonly<Record<string, CommandContract>>).map(
    ([verb, command]) => [`${contract.name}.${verb}`, command] as const,
  ),
)

test.each(commands)(
  '%s says what it is, shows an example that fits, and has a route for its input',
  (_name, command) => {
    expect(command.summary).toMatch(/^[A-Z].*[.]$/)
    expect(command.summary.length).toBeLessThan(100)
    const checked = command.input['~standard'].validate(command.example)
    expect(checked).not.toHaveProperty('issues')
    const fields = Object.keys(
      (z.toJSONSchema(asZod(command.input), { io: 'input' }) as { properties?: object }).properties ?? {},
    )
    const inPath = [...command.rest.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect(fields).toEqual(expect.arrayContaining(inPath))
    const { permission } = command
    if (typeof permission === 'object' && permission.channel !== undefined)
      expect(fields).toContain(permission.channel)
    expect(command.readOnly === true).toBe(command.rest.startsWith('GET '))
  },
)

test.each(commands)('%s bounds every text, list and mapping that a caller may send', (_name, command) => {
  expect(unbounded(z.toJSONSchema(asZod(command.input), { io: 'input' }) as JsonSchema)).toEqual([])
})

test.each(commands)('%s describes its output', (_name, command) => {
  expect(z.toJSONSchema(asZod(command.output))).toMatchObject({ type: 'object' })
})

interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly maxLength?: number
  readonly pattern?: string
  readonly maxItems?: number
  readonly enum?: readonly unknown[]
  readonly additionalProperties?: unknown
}

// The schemas of these three bound themselves by a check that JSON Schema has no word for, or by the kernel (data).
const bounded = new Set(['filter', 'tags', 'data'])

function unbounded(schema: JsonSchema, path = ''): string[] {
  if (bounded.has(path.split('.').at(-1) as string)) return []
  if (schema.enum !== undefined) return []
  if (schema.type === 'string')
    return schema.maxLength === undefined && !/\{\d+,\d+\}\$$/.test(schema.pattern ?? '') ? [path] : []
  if (schema.type === 'array')
    return [...(schema.maxItems === undefined ? [path] : []), ...unbounded(schema.items ?? {}, path)]
  if (schema.type !== 'object') return []
  const open = schema.additionalProperties === false ? [] : [path]
  return [
    ...open,
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
      unbounded(field, `${path}.${name}`),
    ),
  ]
}

function asZod(schema: Schema): z.ZodType {
  return schema as unknown as z.ZodType
}

// A handler that is missing or misspelt, or answers something else, does not compile.
test('handlers follow from the contract', () => {
  const handlers: Partial<Handlers<typeof contracts.flags>> = { list: () => ({ flags: [] }) }
  // @ts-expect-error there is no such command
  const misspelt: Partial<Handlers<typeof contracts.flags>> = { lst: () => ({ flags: [] }) }
  // @ts-expect-error the answer is something else
  const wrong: Partial<Handlers<typeof contracts.flags>> = { list: () => ({ flag: 1 }) }
  expect([handlers, misspelt, wrong]).toHaveLength(3)
})
