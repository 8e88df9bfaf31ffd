import { command, defineContract, type Schema } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { implement } from '../module.ts'
import type { TestClient } from '../testing/test-client.ts'
import { testModule } from '../testing/test-module.ts'
import { testIdentity } from '../testing/test-node.ts'
import { dataOf, road, twoNodes } from './testing/two-nodes.ts'

const backend = testIdentity(undefined)
const stored = ['durable:a', 'recent:a'] as const

const anything: Schema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }

/** Replaces the words of an event by others, in one unit. */
const editing = implement(
  defineContract({
    name: 'edit',
    summary: 'Replaces words.',
    commands: {
      replace: command({
        summary: 'Replaces an event.',
        input: anything,
        output: anything,
        permission: 'anyone',
        rest: 'POST /replace',
      }),
    },
    events: {},
  }),
  {
    handlers: {
      replace: {
        run: (ctx, input) => {
          const { offset, data } = input as { readonly offset: number; readonly data: string }
          ctx.redact('durable:a', offset)
          ctx.append({ channel: 'durable:a', type: 'edited', data })
          ctx.append({ channel: 'live:a', type: 'edited', data })
          return {}
        },
        complete: (_output: never, positions) => positions,
      },
    },
  },
)

/** What a node serves from its memory of a channel. */
async function served(t: Awaited<ReturnType<typeof twoNodes>>, channel: string) {
  const reader = await t.two.client('reader')
  await reader.subscribe(channel, { recent: 100 })
  await t.clock.settle()
  return dataOf(reader, channel)
}

const redact = (t: Awaited<ReturnType<typeof twoNodes>>, channel: string, offset: number) =>
  t.one.call(backend, 'test.redact', { channel, offset })

describe('a redaction on one node', () => {
  test.each(stored)('is served by the other one at once: %s', async (channel) => {
    const t = await twoNodes()
    await t.bob.subscribe(channel)
    for (const word of ['hello', 'secret', 'bye']) await t.ada.publish(channel, word)
    await redact(t, channel, 2)
    expect(await served(t, channel)).toEqual(['hello', null, 'bye'])
  })

  test.each(stored)('that is not announced is found with the next event of the app: %s', async (channel) => {
    const way = road()
    const t = await twoNodes(way)
    await t.bob.subscribe(channel)
    await t.ada.publish(channel, 'secret')
    way.announcements = () => []
    await redact(t, channel, 1)
    expect(await served(t, channel)).toEqual(['secret'])
    way.announcements = () => [0]
    await t.ada.publish('live:other', 1)
    await t.bob.subscribe('live:other')
    await t.ada.publish('live:other', 2)
    expect(await served(t, channel)).toEqual([null])
  })

  test.each(stored)('that is not announced is found within 30 s: %s', async (channel) => {
    const way = road()
    const t = await twoNodes(way)
    await t.bob.subscribe(channel)
    await t.ada.publish(channel, 'secret')
    way.announcements = () => []
    await redact(t, channel, 1)
    await t.clock.advance(30_500)
    expect(await served(t, channel)).toEqual([null])
  })

  test.each(stored)('holds for an event whose announcement comes after it: %s', async (channel) => {
    const way = road()
    const t = await twoNodes(way)
    await t.bob.subscribe(channel)
    way.announcements = () => [20]
    await t.ada.publish(channel, 'secret')
    way.announcements = () => [0]
    await redact(t, channel, 1)
    await t.clock.advance(100)
    expect(dataOf(t.bob, channel)).toEqual([null])
    expect(await served(t, channel)).toEqual([null])
  })

  test('holds for an event that is announced while its channel is being opened', async () => {
    const way = road()
    const t = await twoNodes({
      ...way,
      followMs: () => 1,
      each: () => ({ memoryStore: { readMs: () => 40 } }),
    })
    const asked = t.bob.post({ op: 'subscribe', channel: 'durable:a' })
    await t.clock.advance(39)
    await t.ada.publish('durable:a', 'secret')
    const done = redact(t, 'durable:a', 1)
    await t.clock.advance(500)
    await done
    expect(t.bob.reply(asked).error).toBeUndefined()
    expect(dataOf(t.bob, 'durable:a')).not.toContain('secret')
  })

  test('in a unit is part of it, and leaves what the command answers alone, also to a repeat', async () => {
    const way = road()
    const t = await twoNodes({ ...way, each: () => ({ modules: [testModule(), editing] }) })
    await t.bob.subscribe('durable:a')
    await t.ada.publish('durable:a', 'secret')
    const replace = (client: TestClient) => client.call('edit.replace', { offset: 1, data: 'better' }, 'once')
    const first = await replace(t.ada)
    expect(first.ok).toMatchObject([{ offset: 2 }, {}])
    expect(first.ok).toHaveLength(2)
    // On another node the answer comes from the store, which knows the places of durable events.
    const repeat = await replace(await t.two.client('ada'))
    expect(repeat.ok).toEqual([(first.ok as readonly unknown[])[0], { epoch: '', offset: 0 }])
    expect(dataOf(t.bob, 'durable:a')).toEqual(['secret', 'better'])
    expect(await served(t, 'durable:a')).toEqual([null, 'better'])
  })
})
