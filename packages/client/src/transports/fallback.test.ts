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

/** Links open when the test says so. */
function slow(name: string): ClientTransport & { readonly links: Opened[] } {
  const links: Opened[] = []
  return {
    name,
    links,
    open(url, handlers) {
      const link: Opened = { url, handlers, sent: [], closed: [] }
      links.push(link)
      return {
        bufferedBytes: 0,
        send: (text) => link.sent.push(text),
        close: (code) => link.closed.push(code),
      }
    },
  }
}

function race(upgradeMs = 30_000) {
  const clock = new ManualClock()
  const [first, second] = [slow('first'), scripted('second')]
  const transport = fallbackTransport([first, second], { clock, upgradeMs })
  const told: unknown[][] = []
  const open = async () => {
    const link = transport.open('http://one', {
      opened: () => told.push(['opened']),
      received: (text) => told.push(['received', text]),
      closed: (code) => told.push(['closed', code]),
    })
    await settle()
    link.send('hello')
    return link
  }
  return { clock, first, second, transport, told, open }
}

const move = '{"op":"goaway","retryAfterMs":0,"spreadMs":0}'

describe('a race', () => {
  test('the next is begun beside a slow one, and the server is spoken to once', async () => {
    const { clock, first, second, open, told, transport } = race()
    await open()
    await clock.advance(1_400)
    expect(second.links).toHaveLength(0)
    await clock.advance(200)
    first.links[0]?.handlers.opened()
    expect([first.links[0]?.sent, second.links[0]?.sent]).toEqual([[], ['hello']])
    second.links[0]?.handlers.received('welcome')
    expect([first.links[0]?.closed, transport.name]).toEqual([[3000], 'second'])
    expect(told).toEqual([['opened'], ['received', 'welcome']])
  })

  test('one that opens while the other says nothing takes over', async () => {
    const { clock, first, second, open, transport } = race()
    await open()
    await clock.advance(1_600)
    first.links[0]?.handlers.opened()
    second.links[0]?.handlers.closed(1006, '')
    expect(first.links[0]?.sent).toEqual(['hello'])
    first.links[0]?.handlers.received('welcome')
    expect([second.links[0]?.closed, transport.name]).toEqual([[3000], 'first'])
    expect(clock.pending).toBe(0)
  })

  test('is over when all have failed, for the last reason', async () => {
    const { clock, second, open, told } = race()
    await open()
    await clock.advance(1_600)
    second.links[0]?.handlers.closed(1006, '')
    await clock.advance(3_000)
    expect(told).toEqual([['opened'], ['closed', 1006]])
    expect(clock.pending).toBe(0)
  })
})

describe('the way back up', () => {
  const fallen = async (upgradeMs?: number) => {
    const parts = race(upgradeMs)
    const link = await parts.open()
    parts.first.links[0]?.handlers.closed(1006, '')
    await settle()
    parts.second.links[0]?.handlers.received('welcome')
    return { ...parts, link }
  }

  test('a better choice that answers a probe is moved to', async () => {
    const { clock, first, told, transport, link, open } = await fallen()
    await clock.advance(40_000)
    expect(first.links).toHaveLength(2)
    first.links[1]?.handlers.opened()
    expect(first.links[1]?.sent).toEqual(['{"op":"ping"}'])
    expect(told).not.toContainEqual(['received', move])
    first.links[1]?.handlers.received('{"op":"pong"}')
    expect([told.at(-1), transport.name, first.links[1]?.closed]).toEqual([
      ['received', move],
      'first',
      [3000],
    ])
    link.close(3000, '')
    expect(clock.pending).toBe(0)
    await open()
    expect(first.links).toHaveLength(3)
  })

  test('one that is open when another is quicker is asked at once', async () => {
    const { clock, first, second, open, told } = race()
    await open()
    await clock.advance(1_600)
    first.links[0]?.handlers.opened()
    second.links[0]?.handlers.received('welcome')
    await clock.advance(0)
    first.links[1]?.handlers.opened()
    first.links[1]?.handlers.received('{"op":"pong"}')
    expect(told.at(-1)).toEqual(['received', move])
  })

  test('is tried less and less often while it leads nowhere, and not after the link is over', async () => {
    const { clock, first, link } = await fallen(1_000)
    const at: number[] = []
    for (let seconds = 1; seconds <= 120; seconds++) {
      const before = first.links.length
      await clock.advance(1_000)
      if (first.links.length > before) at.push(seconds)
    }
    expect(at.length).toBeGreaterThanOrEqual(4)
    expect(at.length).toBeLessThan(12)
    link.close(1000, '')
    expect(clock.pending).toBe(0)
  })

  test('is not tried where nobody wants it', async () => {
    const { clock, first } = await fallen(Number.POSITIVE_INFINITY)
    await clock.advance(3_600_000)
    expect(first.links).toHaveLength(1)
  })
})

test('the nearest of several addresses comes first; one that does not answer comes last', async () => {
  const clock = new ManualClock()
  const delays: Record<string, number> = { one: 80, two: 30, three: 50 }
  const asked: string[] = []
  const fetch = (async (url: string, { signal }: RequestInit) => {
    const { host, pathname } = new URL(url)
    asked.push(`${host}${pathname}`)
    await new Promise((resolve, reject) => {
      signal?.addEventListener('abort', reject)
      if (host in delays) clock.after(delays[host] ?? 0, () => resolve(undefined))
    })
  }) as unknown as typeof globalThis.fetch
  const a = scripted('a')
  const transport = fallbackTransport([a], {
    ...{ clock, fetch, prefer: 'nearest', backups: ['wss://two/ws', 'https://gone', 'https://three'] },
  })
  const handlers = { opened: () => undefined, received: () => undefined, closed: () => undefined }
  transport.open('wss://one/ws', handlers)
  await clock.advance(4_000)
  for (let index = 0; index < 4; index++) {
    await settle()
    a.links[index]?.handlers.closed(1006, '')
  }
  expect(a.links.map(({ url }) => url)).toEqual([
    'wss://two/ws',
    'https://three',
    'wss://one/ws',
    'https://gone',
  ])
  expect(new Set(asked)).toEqual(new Set(['one/health', 'two/health', 'three/health', 'gone/health']))
  expect(clock.pending).toBe(0)
})
