import { expect, test } from 'vitest'
import { foreignHost } from './host-check.ts'

test.each([
  ['127.0.0.1', '127.0.0.1:3001'],
  ['127.0.0.1', 'localhost:3001'],
  ['::1', '[::1]:3001'],
  ['localhost', 'parley.localhost'],
  ['127.0.0.1', undefined],
  ['0.0.0.0', 'chat.example.org'],
])('a server on %s answers to %s', (listensOn, host) => {
  expect(foreignHost(listensOn, host)).toBeUndefined()
})

test.each([
  ['127.0.0.1', 'evil.example:3001'],
  ['localhost', '10.0.0.7'],
  ['::1', 'localhost.evil.example'],
])('a server on %s does not answer to %s', (listensOn, host) => {
  expect(foreignHost(listensOn, host)).toMatchObject({ code: 'forbidden' })
})
