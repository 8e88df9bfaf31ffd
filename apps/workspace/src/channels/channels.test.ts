import type { Client, SubscribeOptions } from '@parley/client'
import { keptIn } from '@parley/look'
import { expect, test } from 'vitest'
import { ChannelBook } from './channel-book.ts'
import { type ChannelKind, keepingOf } from './kinds.ts'
import { Unread } from './unread.ts'

// Without a storage values are kept in memory, which is what these tests want.
const memory = () =>
  keptIn(() => {
    throw new Error('There is no storage here.')
  })

test('the list of channels is kept, each once, and bounded', () => {
  const kept = memory()
  const book = new ChannelBook(kept)
  book.add('chat:general', 'chat:general', 'room:lobby')
  book.add('chat:general')
  expect(new ChannelBook(kept).list()).toEqual(['chat:general', 'room:lobby'])
  book.remove('chat:general')
  book.add(...Array.from({ length: 300 }, (_, index) => `chat:${index}`))
  expect(book.list()).toHaveLength(200)
  kept.write('parley.channels', ['chat:x', 7, 'nonsense'])
  expect(new ChannelBook(kept).list()).toEqual(['chat:x'])
})

test('a kind says in a sentence what becomes of its messages', () => {
  const kind: ChannelKind = {
    ...{ name: 'chat', durability: 'durable', presence: true, writable: true, maxEventBytes: 1 },
    ...{ maxEvents: 1_000, maxAgeMs: 30 * 24 * 3_600_000 },
  }
  expect(keepingOf(kind)).toBe(`On disk for 30 days, the newest ${(1_000).toLocaleString()} messages.`)
  expect(keepingOf({ ...kind, durability: 'recent', maxEvents: 0, maxAgeMs: 600_000 })).toBe(
    'In memory for 10 min.',
  )
  expect(keepingOf({ ...kind, maxEvents: 0, maxAgeMs: 0 })).toBe('On disk, without an end.')
  expect(keepingOf({ ...kind, durability: 'ephemeral' })).toMatch(/^Not kept/)
})

/** A client that only subscribes; `head` is where each channel stands. */
function fakeClient(head: number) {
  const open = new Map<string, SubscribeOptions>()
  const subscribe = (channel: string, options: SubscribeOptions) => {
    open.set(channel, options)
    return {
      ready: Promise.resolve({ position: { epoch: 'e', offset: head }, head }),
      unsubscribe: () => open.delete(channel),
    }
  }
  const say = (channel: string) => open.get(channel)?.onEvent?.({} as never)
  return { client: { subscribe } as unknown as Client, open, say }
}

test('what has come since a channel was last read is counted, live and over a reload', async () => {
  const kept = memory()
  const { client, open, say } = fakeClient(10)
  const unread = new Unread(client, kept)
  unread.follow(['chat:a', 'chat:b'])
  await Promise.resolve()
  expect(unread.counts().get('chat:a')).toBe(0)
  say('chat:a')
  say('chat:a')
  expect(unread.counts().get('chat:a')).toBe(2)
  expect([...open.values()].every(({ silent }) => silent === true)).toBe(true)

  // Opened and read up to 12: it is the page of the channel that listens now.
  unread.follow(['chat:b'])
  unread.saw('chat:a', 12)
  expect([...open.keys()]).toEqual(['chat:b'])
  unread.stop()

  const later = fakeClient(15)
  const next = new Unread(later.client, kept)
  next.follow(['chat:a', 'chat:b', 'chat:new'])
  await Promise.resolve()
  expect([...next.counts()]).toEqual([
    ['chat:a', 3],
    ['chat:b', 5],
    ['chat:new', 0],
  ])
})
