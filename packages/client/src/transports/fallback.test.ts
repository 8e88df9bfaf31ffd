import { describe, expect, test } from 'vitest'
import { ManualClock, settle } from '../testing/manual-clock.ts'
import type { ClientTransport, LinkHandlers } from '../transport.ts'
import { fallbackTransport } from './fallback.ts'

interface Opened {
  readonly url: string
  readonly handlers: LinkHandlers
  readonly sent: string[]
  readonly closed: number[]
}

/** A transport whose links do what the test says. */
function scripted(name: string): ClientTransport & { readonly links: Opened[] } {
  const links: Opened[] = []
  return {
    name,
    links,
    open(url, handlers) {
      const link: Opened = { url, handlers, sent: [], closed: [] }
      links.push(link)
      queueMicrotask(() => handlers.opened())
      return {
        bufferedBytes: 0,
        send: (text) => link.sent.push(text),
        close: (code) => link.closed.push(code),
      }
    },
  }
}

function opened(names: readonly string[], backups: readonly string[] = []) {
  const clock = new ManualClock()
  const transports = names.map(scripted)
  const transport = fallbackTransport(transports, { clock, backups, patienceMs: 1_000 })
  const told: unknown[][] = []
  const open = () =>
    transport.open('http://one', {
      opened: () => told.push(['opened']),
      received: (text) => told.push(['received', text]),
      closed: (code) => told.push(['closed', code]),
    })
  return { clock, transports, transport, told, open }
}

describe('an ordered fallback', () => {
  test('says again on the next what was said on one that broke, and begins with it the next time', async () => {
    const { open, told, transport, transports } = opened(['a', 'b'])
    const [a, b] = transports as [ReturnType<typeof scripted>, ReturnType<typeof scripted>]
    const link = open()
    await settle()
    link.send('hello')
    a.links[0]?.handlers.closed(1006, '')
    await settle()
    link.send('and more')
    b.links[0]?.handlers.received('welcome')
    expect([a.links[0]?.sent, b.links[0]?.sent]).toEqual([['hello'], ['hello', 'and more']])
    expect([told, transport.name]).toEqual([[['opened'], ['received', 'welcome']], 'b'])
    b.links[0]?.handlers.closed(1006, '')
    open()
    await settle()
    expect([a.links.length, b.links.length]).toEqual([1, 2])
  })

  test('gives up one that stays silent, and closes it', async () => {
    const { clock, open, transports } = opened(['a', 'b'])
    open()
    await settle()
    await clock.advance(1_000)
    await settle()
    expect([transports[0]?.links[0]?.closed, transports[1]?.links.length]).toEqual([[3000], 1])
  })

  test('a verdict of the server is final; without any answer the first choice is first again', async () => {
    const { open, told, transport, transports } = opened(['a', 'b'])
    open()
    await settle()
    transports[0]?.links[0]?.handlers.closed(4003, 'forbidden')
    expect([told, transports[1]?.links]).toEqual([[['opened'], ['closed', 4003]], []])
    open()
    await settle()
    transports[0]?.links[1]?.handlers.closed(1006, '')
    await settle()
    transports[1]?.links[0]?.handlers.closed(1006, '')
    expect([told.at(-1), transport.name]).toEqual([['closed', 1006], 'a'])
  })

  test('further addresses are tried after the first', async () => {
    const { open, transports } = opened(['a'], ['http://two'])
    open()
    await settle()
    transports[0]?.links[0]?.handlers.closed(1006, '')
    await settle()
    expect(transports[0]?.links.map(({ url }) => url)).toEqual(['http://one', 'http://two'])
  })

  test('after a close nothing is told or tried any more', async () => {
    const { clock, open, told, transports } = opened(['a', 'b'])
    const link = open()
    await settle()
    link.close(1000, 'bye')
    transports[0]?.links[0]?.handlers.closed(1006, '')
    await clock.advance(5_000)
    expect([told, transports[0]?.links[0]?.closed, transports[1]?.links]).toEqual([[['opened']], [1000], []])
  })
})
