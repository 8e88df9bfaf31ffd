import type { TestClient } from '@parley/kernel/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { say, together } from '../testing/calls.ts'
import { type ChatNode, makeRoom, startChat } from '../testing/chat-node.ts'
import type { ReadState } from './read-states.ts'

/** A room in which ben has some messages of ada's to read; answers its channel and their seqs. */
async function roomWith(t: ChatNode, count: number): Promise<{ channel: string; seqs: number[] }> {
  const channel = await makeRoom(t, 'general', 'ada', 'ben', 'cleo')
  const seqs: number[] = []
  for (let index = 0; index < count; index++)
    seqs.push(await say(t, 'ada', { channel, text: `message ${index}` }))
  return { channel, seqs }
}

const stateOf = async (t: ChatNode, user: string, channel: string) =>
  (await t.as(user, 'unread', { channel })).conversations[0]

describe('markers', () => {
  test('move forward on all devices, whichever mark comes first', async () => {
    for (const order of [
      [4, 2],
      [2, 4],
    ] as const) {
      const t = await startChat()
      const { channel, seqs } = await roomWith(t, 6)
      const marks = order.map((index) => ['ben', 'markRead', { channel, seq: seqs[index] }] as const)
      await together(t, ...marks)
      expect(await stateOf(t, 'ben', channel)).toMatchObject({ seq: seqs[4], version: 0, unread: 1 })
    }
  })

  test('a mark that was under way when the marker was put back does not move it', async () => {
    const back = ['ben', 'markUnread', { channel: 'conversation:general', seq: 5 }] as const
    const forth = ['ben', 'markRead', { channel: 'conversation:general', seq: 9 }] as const
    for (const order of [
      [back, forth],
      [forth, back],
    ]) {
      const t = await startChat()
      const { channel } = await roomWith(t, 8)
      await t.as('ben', 'markRead', { channel, seq: 7 })
      await together(t, ...order)
      expect(await stateOf(t, 'ben', channel)).toMatchObject({ seq: 4, version: 1 })
      const old = await t.as('ben', 'markRead', { channel, seq: 9, version: 0 })
      expect(old).toEqual(await stateOf(t, 'ben', channel))
      expect(await t.as('ben', 'markRead', { channel, seq: 9, version: 1 })).toMatchObject({
        seq: 9,
        version: 1,
      })
    }
  })

  test('each change backward has a version of its own', async () => {
    const t = await startChat()
    const { channel, seqs } = await roomWith(t, 6)
    const [first, second] = await together(
      t,
      ['ben', 'markUnread', { channel, seq: seqs[3] }],
      ['ben', 'markUnread', { channel, seq: seqs[1] }],
    )
    const versions = [first?.ok, second?.ok].map((state) => (state as { version: number }).version)
    expect(versions.sort()).toEqual([1, 2])
  })

  test('what is yet to come is not read', async () => {
    const t = await startChat()
    const { channel, seqs } = await roomWith(t, 2)
    const state = await t.as('ben', 'markRead', { channel, seq: 1_000_000 })
    expect(state).toMatchObject({ seq: seqs[1], unread: 0, head: seqs[1] })
    await say(t, 'ada', { channel, text: 'one more' })
    expect(await stateOf(t, 'ben', channel)).toMatchObject({ unread: 1 })
  })

  test('are those of members', async () => {
    const t = await startChat()
    const { channel } = await roomWith(t, 1)
    await t.as('ada', 'update', { channel, visibility: 'public' })
    expect(await t.refusal('dan', 'markRead', { channel, seq: 1 })).toBe('chat.not_a_member')
    expect(await t.refusal('dan', 'markUnread', { channel, seq: 1 })).toBe('chat.not_a_member')
    expect(await t.refusal('dan', 'seenBy', { channel, seq: 1 })).toBe('chat.not_a_member')
    expect(await t.as('dan', 'unread', {})).toEqual({ conversations: [], threads: [], total: 0, mentions: 0 })
  })

  test('of an earlier membership count for nothing', async () => {
    const t = await startChat()
    const { channel, seqs } = await roomWith(t, 2)
    await t.as('ben', 'markRead', { channel, seq: seqs[0] as number })
    await t.as('ben', 'leave', { channel })
    const missed = await say(t, 'ada', { channel, text: 'meanwhile' })
    await t.as('ada', 'addMembers', { channel, users: ['ben'] })
    expect(await stateOf(t, 'ben', channel)).toMatchObject({ unread: 0 })
    const back = await t.as('ben', 'markUnread', { channel, seq: missed })
    expect(await stateOf(t, 'ben', channel)).toEqual(back)
    expect(back).toMatchObject({ seq: missed - 1, version: 1, unread: 1 })
  })

  test('who writes has read', async () => {
    const t = await startChat()
    const { channel } = await roomWith(t, 3)
    expect(await stateOf(t, 'ben', channel)).toMatchObject({ unread: 3 })
    const seq = await say(t, 'ben', { channel, text: 'hello' })
    expect(await stateOf(t, 'ben', channel)).toMatchObject({ seq, unread: 0 })
  })

  test('all devices hear of marks, and of nothing when nothing moves', async () => {
    const t = await startChat()
    const { channel, seqs } = await roomWith(t, 3)
    const phone = await t.client('ben')
    await phone.subscribe('inbox:ben')
    const read = await t.as('ben', 'markRead', { channel, seq: seqs[1] as number })
    await t.as('ben', 'markRead', { channel, seq: seqs[0] as number })
    const back = await t.as('ben', 'markUnread', { channel, seq: seqs[0] as number })
    await t.as('ben', 'markAllRead', {})
    expect(phone.events.map(({ type, data }) => [type, data])).toEqual([
      ['chat.read', read],
      ['chat.read', back],
      ['chat.read', { ...back, seq: seqs[2], unread: 0 }],
    ])
  })
})

describe('three devices of one user', () => {
  /** What a device makes of all that it has heard: a newer version wins, and among equals the further one. */
  const stateAt = (device: TestClient): ReadState | undefined => {
    let known: ReadState | undefined
    for (const { data } of device.events) {
      const told = data as ReadState
      const isNewer = known === undefined || told.version > known.version
      if (isNewer || (told.version === known?.version && told.seq > known.seq)) known = told
    }
    return known
  }

  test('agree, whatever they do at the same moment', async () => {
    const mark = fc.record({
      device: fc.nat({ max: 2 }),
      command: fc.constantFrom('chat.markRead', 'chat.markRead', 'chat.markUnread'),
      index: fc.nat({ max: 7 }),
    })
    const rounds = fc.array(fc.array(mark, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 })
    const runs = fc.asyncProperty(rounds, async (rounds) => {
      const t = await startChat()
      const { channel, seqs } = await roomWith(t, 8)
      const devices = [await t.client('ben'), await t.client('ben'), await t.client('ben')]
      for (const device of devices) await device.subscribe('inbox:ben')
      for (const round of rounds) {
        for (const { device, command, index } of round)
          devices[device]?.post({ op: 'call', command, input: { channel, seq: seqs[index] } })
        await t.clock.settle()
        const now = await stateOf(t, 'ben', channel)
        for (const device of devices) expect(stateAt(device) ?? { ...now }).toEqual(now)
      }
      await t.node.stop()
    })
    await fc.assert(runs, { numRuns: 40 })
  })
})

describe('seen by', () => {
  test('those whose marker is there, but not the author', async () => {
    const t = await startChat()
    const { channel, seqs } = await roomWith(t, 3)
    const seq = seqs[1] as number
    expect(await t.as('ada', 'seenBy', { channel, seq })).toEqual({ count: 0, users: [] })
    await t.as('ben', 'markRead', { channel, seq: seqs[0] as number })
    expect(await t.as('ada', 'seenBy', { channel, seq })).toEqual({ count: 0, users: [] })
    await t.clock.advance(5_000)
    await t.as('ben', 'markRead', { channel, seq })
    await t.as('cleo', 'markRead', { channel, seq: seqs[2] as number })
    const at = t.clock.now()
    const users = [
      { user: 'ben', at },
      { user: 'cleo', at },
    ]
    expect(await t.as('ada', 'seenBy', { channel, seq })).toEqual({ count: 2, users })
    const first = await t.as('ada', 'seenBy', { channel, seq, limit: 1 })
    expect(first).toEqual({ count: 2, users: [users[0]], next: 'ben' })
    const after = { channel, seq, limit: 1, after: 'ben' }
    expect(await t.as('ada', 'seenBy', after)).toEqual({ count: 2, users: [users[1]] })
    expect(await t.refusal('ada', 'seenBy', { channel, seq: 1 })).toBe('chat.no_such_message')
  })

  test('not by those who came later, or are gone', async () => {
    const t = await startChat()
    const { channel, seqs } = await roomWith(t, 1)
    const seq = seqs[0] as number
    await t.as('ben', 'markRead', { channel, seq })
    await t.as('ben', 'leave', { channel })
    await t.as('ada', 'addMembers', { channel, users: ['dan'] })
    const newest = await say(t, 'ada', { channel, text: 'welcome' })
    await t.as('dan', 'markRead', { channel, seq: newest })
    expect(await t.as('ada', 'seenBy', { channel, seq })).toEqual({ count: 0, users: [] })
    expect(await t.as('ada', 'seenBy', { channel, seq: newest })).toMatchObject({ count: 1 })
  })

  test('in threads by the markers of the thread', async () => {
    const t = await startChat()
    const { channel, seqs } = await roomWith(t, 1)
    const thread = seqs[0] as number
    const seq = await say(t, 'ada', { channel, thread, text: 'reply' })
    await t.as('ben', 'markRead', { channel, seq: thread })
    expect(await t.as('ada', 'seenBy', { channel, seq })).toEqual({ count: 0, users: [] })
    await t.as('ben', 'markRead', { channel, thread, seq })
    expect(await t.as('ada', 'seenBy', { channel, seq })).toMatchObject({ users: [{ user: 'ben' }] })
  })

  test('who hides what they read is not seen, and does not see', async () => {
    const t = await startChat()
    const { channel, seqs } = await roomWith(t, 1)
    const seq = seqs[0] as number
    await t.as('ben', 'markRead', { channel, seq })
    expect(await t.as('ben', 'settings', {})).toEqual({ receipts: true })
    expect(await t.as('ben', 'setSettings', { receipts: false })).toEqual({ receipts: false })
    expect(await t.as('ben', 'settings', {})).toEqual({ receipts: false })
    expect(await t.as('ada', 'seenBy', { channel, seq })).toEqual({ count: 0, users: [] })
    expect(await t.refusal('ben', 'seenBy', { channel, seq })).toBe('chat.receipts_are_off')
    await t.as('ben', 'setSettings', { receipts: true })
    expect(await t.as('ada', 'seenBy', { channel, seq })).toMatchObject({ count: 1 })
    await t.as('ada', 'update', { channel, receipts: false })
    expect(await t.refusal('ada', 'seenBy', { channel, seq })).toBe('chat.receipts_are_off')
  })

  test('above a hundred members there is a count alone', async () => {
    const t = await startChat()
    const { channel } = await roomWith(t, 0)
    const names = Array.from({ length: 98 }, (_, index) => `user-${index}`)
    await t.as('ada', 'addMembers', { channel, users: names })
    const seq = await say(t, 'ada', { channel, text: 'hello' })
    await t.as('ben', 'markRead', { channel, seq })
    expect(await t.as('ada', 'seenBy', { channel, seq })).toEqual({ count: 1, users: [] })
  })
})

describe('ticks', () => {
  /** What ada sees of who has read, live. */
  async function ticksOf(t: ChatNode, channel: string, read: () => Promise<unknown>): Promise<object> {
    const ada = await t.client('ada')
    await ada.subscribe(channel, { state: true })
    await read()
    await t.clock.advance(1_000)
    const entries = [...(ada.states.get(channel)?.entries.values() ?? [])]
    const ticks = entries.filter(({ name }) => name === 'read').map(({ user, value }) => [user, value])
    return Object.fromEntries(ticks)
  }

  test('show at once who has read, and are gone after a while', async () => {
    const t = await startChat()
    const { channel, seqs } = await roomWith(t, 2)
    const seq = seqs[1] as number
    expect(await ticksOf(t, channel, () => t.as('ben', 'markRead', { channel, seq }))).toEqual({
      ben: { seq },
    })
    await t.clock.advance(61_000)
    expect(await ticksOf(t, channel, async () => undefined)).toEqual({})
  })

  test('of threads name the thread', async () => {
    const t = await startChat()
    const { channel, seqs } = await roomWith(t, 1)
    const thread = seqs[0] as number
    const seq = await say(t, 'ada', { channel, thread, text: 'reply' })
    const read = () => t.as('ben', 'markRead', { channel, thread, seq })
    expect(await ticksOf(t, channel, read)).toEqual({ ben: { seq, thread } })
  })

  test('are not shown of whom hides them, nor where the conversation does not want them', async () => {
    const t = await startChat()
    const { channel, seqs } = await roomWith(t, 2)
    await t.as('ben', 'setSettings', { receipts: false })
    const readFirst = () => t.as('ben', 'markRead', { channel, seq: seqs[0] as number })
    expect(await ticksOf(t, channel, readFirst)).toEqual({})
    await t.as('ben', 'setSettings', { receipts: true })
    await t.as('ada', 'update', { channel, receipts: false })
    expect(await ticksOf(t, channel, () => t.as('ben', 'markAllRead', {}))).toEqual({})
  })
})
