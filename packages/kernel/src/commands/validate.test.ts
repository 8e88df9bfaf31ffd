import type { Schema, SchemaResult } from '@parley/protocol'
import { expect, test } from 'vitest'
import { validate } from './validate.ts'

const schema = (answer: SchemaResult<string> | Promise<SchemaResult<string>>): Schema<unknown, string> =>
  ({ '~standard': { version: 1, vendor: 'test', validate: () => answer } }) as unknown as Schema<
    unknown,
    string
  >

test('a value that fits comes back as the schema made it', () => {
  expect(validate(schema({ value: 'made' }), 'given')).toBe('made')
})

test('one that does not is refused with its first fault in the message, and at most twenty in the details', () => {
  const issues = Array.from({ length: 30 }, (_, n) => ({
    message: `fault ${n}`,
    path: ['list', { key: n }, 'name'],
  }))
  expect(() => validate(schema({ issues }), null)).toThrow(
    expect.objectContaining({
      code: 'bad_request',
      message: '`list.0.name`: fault 0.',
      details: { issues: expect.objectContaining({ length: 20 }) },
    }),
  )
  expect(() => validate(schema({ issues: [{ message: 'expected an object' }] }), null)).toThrow(
    'The input: expected an object.',
  )
  expect(() => validate(schema({ issues: [] }), null)).toThrow('The input: does not fit the schema.')
})

test('a schema that takes its time is a mistake of the module', () => {
  expect(() => validate(schema(Promise.resolve({ value: 'late' })), null)).toThrow(TypeError)
})
