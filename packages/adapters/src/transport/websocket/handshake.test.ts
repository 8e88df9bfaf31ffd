import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { ParleyError } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { checkHandshake, refusalOf } from './handshake.ts'

const upgrade = {
  host: 'chat.example:3001',
  upgrade: 'WebSocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
}

function request(headers: IncomingHttpHeaders, remoteAddress = '::ffff:198.51.100.1'): IncomingMessage {
  const shape = { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, socket: { remoteAddress } }
  return { ...shape, headers: { ...upgrade, ...headers } } as unknown as IncomingMessage
}

describe('origins', () => {
  const allowedOrigins = ['https://good.example', 'https://*.good.example', 'self']
  const check = (origin: string | undefined, rules = allowedOrigins) => {
    const headers = origin === undefined ? {} : { origin }
    const checked = checkHandshake(request(headers), {
      allowedOrigins: rules,
      subprotocolAliases: {},
      compresses: () => false,
    })
    return 'error' in checked ? checked.status : 101
  }

  test.each([
    [undefined, 101],
    ['https://good.example', 101],
    ['HTTPS://GOOD.EXAMPLE', 101],
    ['https://a.b.good.example', 101],
    ['http://chat.example:3001', 101],
    ['https://chat.example:3001', 101],
    ['http://a.good.example', 403],
    ['https://good.example.evil', 403],
    ['https://evilgood.example', 403],
    ['https://evil/.good.example', 403],
    ['http://chat.example', 403],
    ['http://chat.example:3002', 403],
    ['null', 403],
    ['', 403],
    ['x', 403],
  ])('%s → %i', (origin, status) => {
    expect(check(origin)).toBe(status)
  })

  test('a star allows all, also opaque ones', () => {
    expect(check('null', ['*'])).toBe(101)
    expect(check('https://anything.example', ['*'])).toBe(101)
  })
})

test('a refusal has the status of its code', () => {
  expect(refusalOf(new ParleyError('limit_exceeded')).status).toBe(429)
  expect(refusalOf(new TypeError('inside')).error.message).not.toContain('inside')
})
