import { afterEach, describe, expect, test, vi } from 'vitest'
import { settle } from '../testing/manual-clock.ts'
import type { LinkHandlers } from '../transport.ts'
import { type WebSocketLike, websocketTransport } from './websocket.ts'

class FakeSocket implements WebSocketLike {
  static made: FakeSocket[] = []
  readonly url: string
  readonly protocols: unknown
  readyState = 0
  bufferedAmount = 7
  onopen: WebSocketLike['onopen'] = null
  onmessage: WebSocketLike['onmessage'] = null
  onclose: WebSocketLike['onclose'] = null
  onerror: WebSocketLike['onerror'] = null
  readonly sent: string[] = []
  readonly closed: unknown[] = []

  constructor(url: string, protocols?: string | string[]) {
    if (url.includes('refused')) throw new SyntaxError('Bad URL.')
    this.url = url
    this.protocols = protocols
    FakeSocket.made.push(this)
  }

  send(text: string): void {
    this.sent.push(text)
  }

  close(...args: unknown[]): void {
    this.closed.push(args)
  }

  open(): void {
    this.readyState = 1
    this.onopen?.({} as never)
  }

  tell(name: 'onmessage' | 'onclose', event: object): void {
    this[name]?.(event as never)
  }
}

function openTo(url: string) {
  const calls: unknown[][] = []
  const handlers: LinkHandlers = {
    opened: () => calls.push(['opened']),
    received: (text) => calls.push(['received', text]),
    closed: (code, reason) => calls.push(['closed', code, reason]),
  }
  const link = websocketTransport(FakeSocket).open(url, handlers)
  return { link, calls, socket: FakeSocket.made.at(-1)! }
}

afterEach(() => vi.unstubAllGlobals())

describe('WebSocket', () => {
  test.each([
    ['http://example.org', 'ws://example.org/ws'],
    ['https://example.org/', 'wss://example.org/ws'],
    ['wss://example.org/realtime', 'wss://example.org/realtime'],
    ['ws://example.org:1/a?b=c', 'ws://example.org:1/a?b=c'],
  ])('%s is reached at %s, with the subprotocol', (url, expected) => {
    const { socket } = openTo(url)
    expect([socket.url, socket.protocols]).toEqual([expected, 'parley.v1.json'])
  })

  test('a path is taken from the page', () => {
    vi.stubGlobal('location', { href: 'https://app.example.org/rooms/1' })
    expect(openTo('/live').socket.url).toBe('wss://app.example.org/live')
  })

  test('tells what happens, in order, and sends only while open', () => {
    const { link, calls, socket } = openTo('ws://example.org')
    link.send('early')
    socket.open()
    link.send('hello')
    socket.tell('onmessage', { data: 'text' })
    socket.tell('onmessage', { data: new ArrayBuffer(1) })
    socket.tell('onclose', { code: 4201, reason: 'server_stopping' })
    socket.tell('onclose', { code: 1006 })
    expect(calls).toEqual([['opened'], ['received', 'text'], ['closed', 4201, 'server_stopping']])
    expect([socket.sent, link.bufferedBytes]).toEqual([['hello'], 7])
  })

  test('after close() nothing is told any more', () => {
    const { link, calls, socket } = openTo('ws://example.org')
    socket.open()
    link.close(3000, 'why')
    link.close(3000, 'again')
    socket.tell('onmessage', { data: 'late' })
    socket.tell('onclose', {})
    expect([calls, socket.closed]).toEqual([[['opened']], [[3000, 'why']]])
  })

  test('a URL that is none, and a platform without WebSocket, close with a reason', async () => {
    const bad = openTo('http://refused')
    await settle()
    expect(bad.calls).toEqual([['closed', 1006, 'Bad URL.']])
    vi.stubGlobal('WebSocket', undefined)
    const closed = vi.fn()
    const handlers = { opened: vi.fn(), received: vi.fn(), closed }
    websocketTransport().open('ws://example.org', handlers).close(1000, '')
    await settle()
    expect(closed).toHaveBeenCalledExactlyOnceWith(1006, expect.stringContaining('give a `WebSocket`'))
  })
})
