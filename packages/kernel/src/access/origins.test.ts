import { describe, expect, test } from 'vitest'
import { clientAddress, originAllowed } from './origins.ts'

describe('the address of a client', () => {
  const forwarded = '6.6.6.6,  203.0.113.9 , 2001:db8::1'

  test.each([
    [0, '198.51.100.1'],
    [1, '2001:db8::1'],
    [2, '203.0.113.9'],
    [3, '6.6.6.6'],
    [9, '6.6.6.6'],
  ])('behind %i proxies', (proxies, address) => {
    expect(clientAddress('::ffff:198.51.100.1', forwarded, proxies)).toBe(address)
  })

  test('without the header, or of a socket that is gone', () => {
    expect(clientAddress('198.51.100.1', undefined, 2)).toBe('198.51.100.1')
    expect(clientAddress(undefined, undefined, 0)).toBe('')
    expect(clientAddress('198.51.100.1', 'x'.repeat(500), 1)).toHaveLength(64)
  })
})

test('a page without an origin is none, and `self` is the host that was asked', () => {
  expect(originAllowed(undefined, 'chat.example', [])).toBe(true)
  expect(originAllowed('https://chat.example', 'chat.example', ['self'])).toBe(true)
  expect(originAllowed('https://chat.example', undefined, ['self'])).toBe(false)
  expect(originAllowed('https://other.example', 'chat.example', ['self'])).toBe(false)
})
