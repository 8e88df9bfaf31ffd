import { expect, test } from 'vitest'
import { fieldsOf, inputOf, textsOf } from './fields.ts'

const schema = {
  type: 'object',
  required: ['channel', 'data'],
  properties: {
    channel: { type: 'string', description: 'A channel.' },
    limit: { type: 'integer', default: 50 },
    order: { type: 'string', enum: ['newest', 'oldest'] },
    silent: { type: 'boolean' },
    data: {},
  },
}
const fields = fieldsOf(schema)

test('a form has a field for each property, of the kind that fits', () => {
  expect(fields.map(({ name, kind, isRequired }) => [name, kind, isRequired])).toEqual([
    ['channel', 'text', true],
    ['limit', 'number', false],
    ['order', 'choice', false],
    ['silent', 'switch', false],
    ['data', 'json', true],
  ])
  expect(fields[1]?.description).toBe('Default: 50.')
  expect(fieldsOf(undefined)).toEqual([])
})

test('it begins with the example, and makes the same input of it', () => {
  const example = { channel: 'chat:general', limit: 5, data: { text: 'Hello' } }
  expect(inputOf(fields, textsOf(fields, example))).toEqual({ input: example })
})

test('what is left empty is left out; what is wrong is named', () => {
  const texts = { channel: 'chat:a', limit: '', order: 'newest', silent: 'false', data: '1' }
  expect(inputOf(fields, texts)).toEqual({
    input: { channel: 'chat:a', order: 'newest', silent: false, data: 1 },
  })
  expect(inputOf(fields, { ...texts, data: '{' })).toEqual({ field: 'data', problem: 'This is not JSON.' })
  expect(inputOf(fields, { ...texts, limit: 'ten' })).toMatchObject({ field: 'limit' })
  expect(inputOf(fields, { ...texts, channel: '' })).toMatchObject({ input: { channel: '' } })
})
