import { expect, test } from 'vitest'
import { appKeyIn } from './app-key.ts'

test.each([
  ['billing:s3cret', 'billing:s3cret'],
  ['billing:a:b', 'billing:a:b'],
  ['the key of a gateway', undefined],
  ['gateway-key', undefined],
  [':x', undefined],
  ['x:', undefined],
  [['a:b', 'c:d'], undefined],
  [undefined, undefined],
])('%j is the app key %j', (header, key) => {
  expect(appKeyIn(header)).toBe(key)
})
