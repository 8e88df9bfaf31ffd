import { describe, expect, test } from 'vitest'
import { backend, say, together } from '../testing/calls.ts'
import { makeRoom, startChat } from '../testing/chat-node.ts'

const channel = 'conversation:general'

async function oneMessage() {
  const t = await startChat()
  await makeRoom(t, 'general', 'ada', 'bob')
  return { t, seq: await say(t, 'ada', { channel, text: 'Hello' }) }
}

describe('reactions', () => {
  test('an emoji is put on a message once for each user, and taken away again', async () => {
    const { t, seq } = await oneMessage()
    const ada = await t.client('ada', { grants: [] })
    await ada.subscribe(channel)
    for (const emoji of ['👍', '👍', ':party:']) {
      await t.as('bob', 'react', { channel, seq, emoji })
      await t.clock.advance(1)
    }
    await t.as('ada', 'react', { channel, seq, emoji: '👍' })
    expect((await t.as('bob', 'message', { channel, seq })).reactions).toEqual([
      { emoji: '👍', count: 2, users: ['bob', 'ada'], mine: true },
      { emoji: ':party:', count: 1, users: ['bob'], mine: true },
    ])
    await t.as('bob', 'react', { channel, seq, emoji: '👍', on: false })
    await t.as('bob', 'react', { channel, seq, emoji: '👍', on: false })
    expect((await t.as('bob', 'message', { channel, seq })).reactions).toMatchObject([
      { emoji: ':party:', mine: true },
      { emoji: '👍', count: 1, mine: false },
    ])
    expect(ada.of(channel).map(({ by, data }) => [by, data])).toEqual([
      ['bob', { seq, emoji: '👍', on: true }],
      ['bob', { seq, emoji: ':party:', on: true }],
      ['ada', { seq, emoji: '👍', on: true }],
      ['bob', { seq, emoji: '👍', on: false }],
    ])
  })

  test('a message takes fifty different emoji', async () => {
    const { t, seq } = await oneMessage()
    for (let n = 0; n < 50; n++) await t.as('ada', 'react', { channel, seq, emoji: `:e${n}:` })
    expect(await t.refusal('bob', 'react', { channel, seq, emoji: ':e50:' })).toBe('chat.too_many_emoji')
    expect(await t.refusal('bob', 'react', { channel, seq, emoji: ':e7:' })).toBe('ok')
    expect(await t.refusal('bob', 'react', { channel, seq, emoji: 'word' })).toBe('bad_request')
  })

  test('a crowd is counted, shown by its first ten, and listed page by page', async () => {
    const { t, seq } = await oneMessage()
    const users = Array.from({ length: 15 }, (_, n) => `u${String(n).padStart(2, '0')}`)
    await t.call(backend, 'chat.addMembers', { channel, users })
    for (const user of users) {
      await t.clock.advance(1)
      await t.as(user, 'react', { channel, seq, emoji: '👍' })
    }
    const [reaction] = (await t.as('u14', 'message', { channel, seq })).reactions
    expect(reaction).toEqual({ emoji: '👍', count: 15, users: users.slice(0, 10), mine: true })
    const first = await t.as('ada', 'reactions', { channel, seq, limit: 10 })
    const second = await t.as('ada', 'reactions', { channel, seq, limit: 10, after: first.next, emoji: '👍' })
    expect([...first.reactions, ...second.reactions].map(({ user }) => user)).toEqual(users)
    expect(second.next).toBeUndefined()
  })

  test('the same reaction from two devices at the same moment is one', async () => {
    const { t, seq } = await oneMessage()
    const call = ['bob', 'react', { channel, seq, emoji: '👍' }] as const
    expect((await together(t, call, call)).map(({ code }) => code)).toEqual([undefined, undefined])
    expect((await t.as('bob', 'message', { channel, seq })).reactions).toMatchObject([{ count: 1 }])
  })

  test('nothing is put on a message that is not there, or by who does not belong there', async () => {
    const { t, seq } = await oneMessage()
    expect(await t.refusal('bob', 'react', { channel, seq: 99, emoji: '👍' })).toBe('chat.no_such_message')
    expect(await t.refusal('eve', 'react', { channel, seq, emoji: '👍' })).toBe('forbidden')
    const [reacted] = await together(
      t,
      ['bob', 'react', { channel, seq, emoji: '👍' }],
      ['ada', 'delete', { channel, seq }],
    )
    expect([undefined, 'chat.no_such_message']).toContain(reacted?.code)
    const [message] = (await t.as('ada', 'history', { channel })).messages
    expect(message).toMatchObject({ deleted: { by: 'ada' }, reactions: [] })
  })
})

describe('pins', () => {
  test('a pinned message is found at the top of the pins, until the pin is taken out', async () => {
    const { t, seq } = await oneMessage()
    const bob = await t.client('bob', { grants: [] })
    await bob.subscribe(channel)
    const other = await say(t, 'ada', { channel, text: 'Later' })
    await t.as('bob', 'pin', { channel, seq })
    await t.clock.advance(1_000)
    await t.as('bob', 'pin', { channel, seq: other })
    await t.as('bob', 'pin', { channel, seq: other })
    const pinned = async () => (await t.as('ada', 'pins', { channel })).messages.map((one) => one.seq)
    expect(await pinned()).toEqual([other, seq])
    expect((await t.as('ada', 'message', { channel, seq })).pinned).toMatchObject({ by: 'bob' })
    await t.as('ada', 'pin', { channel, seq: other, on: false })
    expect(await pinned()).toEqual([seq])
    expect(bob.of(channel).flatMap(({ type, data }) => (type === 'chat.pinned' ? [data] : []))).toEqual([
      { seq, on: true },
      { seq: other, on: true },
      { seq: other, on: false },
    ])
    expect(await t.refusal('eve', 'pins', { channel })).toBe('forbidden')
  })

  test('a conversation has a hundred pins', async () => {
    const { t } = await oneMessage()
    for (let n = 0; n < 100; n++)
      await t.as('ada', 'pin', { channel, seq: await say(t, 'ada', { channel, text: `${n}` }) })
    const seq = await say(t, 'ada', { channel, text: 'One more' })
    expect(await t.refusal('ada', 'pin', { channel, seq })).toBe('chat.too_many_pins')
    expect(await t.refusal('ada', 'pin', { channel, seq: 999 })).toBe('chat.no_such_message')
  })
})
