import type { Client } from '@parley/client'
import { describe, expect, test, vi } from 'vitest'
import { ChatHouse } from '../../testing/chat-house.ts'
import { settle } from '../../testing/house.ts'
import { Views } from '../../views/views.ts'
import { type ConversationView, conversationView } from './conversation-view.ts'

const channel = 'conversation:a'
const at = (seq: number) => ({ channel, seq })

interface Window {
  readonly client: Client
  readonly views: Views
  readonly view: ConversationView
  readonly tell: ReturnType<typeof vi.fn>
  readonly leave: () => void
  texts(): readonly string[]
  message(seq: number): ConversationView['snapshot']['messages'][number] | undefined
}

/** Somebody's window onto the conversation. */
async function look(house: ChatHouse, user: string, thread?: number): Promise<Window> {
  const client = house.client(user)
  const views = new Views(client)
  const view = conversationView(views, channel, thread)
  const tell = vi.fn()
  void client.connect()
  const leave = view.watch(tell)
  await settle()
  return {
    ...{ client, views, view, tell, leave },
    texts: () => view.snapshot.messages.map(({ text }) => text),
    message: (seq) => view.snapshot.messages.find((message) => message.seq === seq),
  }
}

function houseOf(messages: number): ChatHouse {
  const house = new ChatHouse()
  house.open(channel, ['ada', 'bob'], messages)
  return house
}

const asked = (house: ChatHouse, command: string) => house.calls.filter((call) => call.command === command)
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `message ${from + index}`)

describe('a conversation', () => {
  test('history first, then live, in order and without a question too many', async () => {
    const house = houseOf(3)
    const { view, texts } = await look(house, 'bob')
    expect(texts()).toEqual(numbered(1, 3))
    house.say(channel, 'ada', 'live')
    await settle()
    expect(texts()).toEqual([...numbered(1, 3), 'live'])
    expect(view.snapshot).toMatchObject({ status: 'ready', isLive: true, hasOlder: false, newest: 4 })
    expect(asked(house, 'chat.history')).toHaveLength(1)
  })

  test('making one has no effect; two that look share one subscription and one page', async () => {
    const house = houseOf(1)
    const { view, views } = await look(house, 'bob')
    expect(conversationView(views, channel)).toBe(view)
    view.watch(() => undefined)
    await settle()
    expect(house.listeners(channel)).toEqual(['bob'])
    expect(asked(house, 'chat.history')).toHaveLength(1)
    const other = new Views(house.client('eve'))
    conversationView(other, channel)
    await settle()
    expect(house.listeners(channel)).toEqual(['bob'])
  })

  test('leaving and coming back within a turn keeps it open; leaving ends it; coming back goes on from there', async () => {
    const house = houseOf(2)
    const { view, leave, texts } = await look(house, 'bob')
    leave()
    const again = view.watch(() => undefined)
    await settle()
    expect(house.listeners(channel)).toEqual(['bob'])
    again()
    await settle()
    expect(house.listeners(channel)).toEqual([])
    house.say(channel, 'ada', 'message 3')
    house.react('ada', at(1), '👍')
    view.watch(() => undefined)
    expect(texts()).toEqual(numbered(1, 2))
    await settle()
    expect(texts()).toEqual(numbered(1, 3))
    expect(view.snapshot.messages[0]?.reactions).toMatchObject([{ emoji: '👍', count: 1 }])
    expect(asked(house, 'chat.history')).toHaveLength(1)
  })

  test('events that arrive before the page, and are in it already, count once', async () => {
    const house = houseOf(2)
    const letGo = house.hold('chat.history')
    const { view, texts } = await look(house, 'bob')
    house.react('ada', at(1), '👍')
    house.say(channel, 'ada', 'message 3')
    await settle()
    letGo()
    await settle()
    expect(texts()).toEqual(numbered(1, 3))
    expect(view.snapshot.messages[0]?.reactions).toMatchObject([{ count: 1, users: ['ada'] }])
    house.react('bob', at(1), '👍')
    await settle()
    expect(view.snapshot.messages[0]?.reactions).toMatchObject([{ count: 2, mine: true }])
  })

  test('edits, deletions, reactions, pins and replies of others are shown', async () => {
    const house = houseOf(3)
    const { view, message } = await look(house, 'bob')
    const before = view.snapshot.messages
    house.edit('ada', at(1), 'better')
    house.remove('ada', at(2))
    house.react('ada', at(3), '🎉')
    house.say(channel, 'ada', 'a reply', { thread: 3 })
    await settle()
    expect(message(1)).toMatchObject({ text: 'better', edited: { count: 1 } })
    expect(message(2)).toMatchObject({ text: '', deleted: { by: 'ada' } })
    expect(message(3)).toMatchObject({
      reactions: [{ emoji: '🎉', users: ['ada'], mine: false }],
      replies: { count: 1, users: ['ada'] },
    })
    expect(view.snapshot.messages).toHaveLength(3)
    house.remove('ada', at(house.channel(channel).head))
    await settle()
    expect(message(3)).not.toHaveProperty('replies')
    expect(before[0]).toMatchObject({ text: 'message 1' })
  })

  test('only messages that changed are new objects, and a turn is told once', async () => {
    const house = houseOf(3)
    const { view, tell } = await look(house, 'bob')
    const before = view.snapshot.messages
    tell.mockClear()
    house.say(channel, 'ada', 'message 4')
    house.say(channel, 'ada', 'message 5')
    house.edit('ada', at(2), 'other')
    await settle()
    const after = view.snapshot.messages
    expect([after[0] === before[0], after[1] === before[1], after[2] === before[2]]).toEqual([
      true,
      false,
      true,
    ])
    expect(tell.mock.calls.length).toBeLessThanOrEqual(3)
  })

  test('a message that was sent and erased while the user was away keeps its place without its words', async () => {
    const house = houseOf(1)
    const { message, texts } = await look(house, 'bob')
    house.drop('bob')
    const seq = house.say(channel, 'ada', 'secret')
    house.remove('ada', at(seq))
    house.say(channel, 'ada', 'after')
    await settle()
    expect(texts()).toEqual(['message 1', '', 'after'])
    expect(message(seq)).toMatchObject({ author: 'ada', deleted: { by: 'ada' } })
  })
})

describe('what was missed', () => {
  test('is made up for after a reconnect, without loading', async () => {
    const house = houseOf(2)
    const { view, texts } = await look(house, 'bob')
    house.isDown = true
    house.drop()
    await settle()
    expect(view.snapshot.isLive).toBe(false)
    house.say(channel, 'ada', 'message 3')
    house.isDown = false
    await settle()
    expect([view.snapshot.isLive, texts()]).toEqual([true, numbered(1, 3)])
    expect(asked(house, 'chat.history')).toHaveLength(1)
  })

  test('is loaded anew when it is gone; what was shown stays until then', async () => {
    const house = houseOf(2)
    const { texts } = await look(house, 'bob')
    house.isDown = true
    house.drop()
    house.say(channel, 'ada', 'message 3')
    house.edit('ada', at(1), 'changed meanwhile')
    house.forget(channel)
    const letGo = house.hold('chat.history')
    house.isDown = false
    await settle()
    expect(texts()).toEqual(numbered(1, 2))
    letGo()
    await settle()
    expect(texts()).toEqual(['changed meanwhile', 'message 2', 'message 3'])
    house.say(channel, 'ada', 'message 4')
    await settle()
    expect(texts().at(-1)).toBe('message 4')
  })

  test('a user who is taken out sees nothing any more, and everything again when they are back', async () => {
    const house = houseOf(2)
    const { view, texts } = await look(house, 'bob')
    house.members.get(channel)?.delete('bob')
    house.unsubscribe('bob', channel)
    await settle()
    expect([texts(), view.snapshot.status, view.snapshot.error?.code]).toEqual([
      [],
      'failed',
      'not_subscribed',
    ])
    house.members.get(channel)?.add('bob')
    house.append('inbox:bob', 'chat.added', { channel })
    await settle()
    expect([texts(), view.snapshot.error]).toEqual([numbered(1, 2), undefined])
  })

  test('a page that cannot be read is told, and read when asked again', async () => {
    const house = houseOf(2)
    house.refuse('chat.history', 'forbidden')
    const { view, texts } = await look(house, 'bob')
    expect(view.snapshot).toMatchObject({ status: 'failed', error: { code: 'forbidden' } })
    view.actions.reload()
    await settle()
    expect(texts()).toEqual(numbered(1, 2))
    expect(view.snapshot.error).toBeUndefined()
  })
})

describe('when pages and events overtake each other', () => {
  test('what a page has already is not counted again when its event arrives', async () => {
    const house = houseOf(120)
    const { view, message } = await look(house, 'bob')
    const letGo = house.hold('events')
    house.say(channel, 'ada', 'a reply', { thread: 30 })
    await view.actions.loadOlder()
    expect(message(30)?.replies?.count).toBe(1)
    letGo()
    await settle()
    expect(message(30)?.replies?.count).toBe(1)
  })

  test('messages that lie before a page are not put in front of it', async () => {
    const house = houseOf(5)
    const { view, texts } = await look(house, 'bob')
    const letGo = house.hold('events')
    for (let number = 6; number <= 70; number++) house.say(channel, 'ada', `message ${number}`)
    view.actions.reload()
    await settle()
    letGo()
    await settle()
    expect(texts()).toEqual(numbered(21, 70))
  })

  test('what came between the page and the beginning of the subscription is read', async () => {
    const house = houseOf(2)
    const letGo = house.hold('subscribe')
    const { texts } = await look(house, 'bob')
    expect(texts()).toEqual(numbered(1, 2))
    house.say(channel, 'ada', 'message 3')
    letGo()
    await settle()
    expect(texts()).toEqual(numbered(1, 3))
  })

  test('who comes back hears what others heard meanwhile in the same channel', async () => {
    const house = houseOf(2)
    const { view, views, leave, texts } = await look(house, 'bob')
    conversationView(views, channel, 1).watch(() => undefined)
    leave()
    await settle()
    house.say(channel, 'ada', 'message 3')
    await settle()
    view.watch(() => undefined)
    await settle()
    expect(texts()).toEqual(numbered(1, 3))
    expect(
      asked(house, 'chat.history').filter(({ input }) => !('thread' in input || 'around' in input)),
    ).toHaveLength(1)
  })
})

describe('paging', () => {
  test('older pages come before, and are brought up to date by what happened while they were read', async () => {
    const house = houseOf(120)
    const { view, texts, message } = await look(house, 'bob')
    expect([texts().length, view.snapshot.hasOlder]).toEqual([50, true])
    const letGo = house.hold('chat.history')
    const loading = view.actions.loadOlder()
    expect(view.actions.loadOlder()).toBe(loading)
    await settle()
    expect(view.snapshot.isLoadingOlder).toBe(true)
    letGo()
    house.edit('ada', at(30), 'edited after it was read')
    await loading
    await settle()
    expect(texts()[0]).toBe('message 21')
    expect(message(30)?.text).toBe('edited after it was read')
    expect(await view.actions.loadOlder()).toBe(false)
    expect([texts()[0], view.snapshot.hasOlder]).toEqual(['message 1', false])
    expect(view.snapshot.messages.map(({ seq }) => seq)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1))
  })

  test('a jump shows what is around, live messages are counted there, and the newest are one step away', async () => {
    const house = houseOf(300)
    const { view, texts } = await look(house, 'bob')
    expect(await view.actions.jumpTo({ seq: 100 })).toBe(100)
    await settle()
    expect([texts()[0], view.snapshot.hasNewer]).toEqual(['message 75', true])
    house.say(channel, 'ada', 'live')
    house.react('ada', at(100), '👀')
    await settle()
    expect([view.snapshot.missed, texts().at(-1)]).toEqual([1, 'message 124'])
    await view.actions.loadNewer()
    await settle()
    expect(texts().at(-1)).toBe('message 174')
    await view.actions.jumpToNewest()
    await settle()
    expect([view.snapshot.missed, view.snapshot.hasNewer, texts().at(-1)]).toEqual([0, false, 'live'])
  })

  test('a jump to a time; a jump to what is there loads nothing', async () => {
    const house = houseOf(200)
    const { view } = await look(house, 'bob')
    expect(await view.actions.jumpTo({ seq: 190 })).toBe(190)
    expect(asked(house, 'chat.history')).toHaveLength(1)
    const { at: time } = house.find(at(60))
    expect(await view.actions.jumpTo({ at: time })).toBe(60)
  })

  test('the window is bounded at both ends and never has a hole', async () => {
    const house = houseOf(700)
    const { view } = await look(house, 'bob')
    const seqs = () => view.snapshot.messages.map(({ seq }) => seq ?? 0)
    const isWhole = () => seqs().every((seq, index) => index === 0 || seq === (seqs()[index - 1] ?? 0) + 1)
    for (let page = 0; page < 10; page++) await view.actions.loadOlder()
    await settle()
    expect([seqs().length, seqs()[0], view.snapshot.hasNewer, isWhole()]).toEqual([400, 151, true, true])
    house.say(channel, 'ada', 'live')
    for (let page = 0; page < 5; page++) await view.actions.loadNewer()
    await settle()
    expect([seqs().length, seqs().at(-1), view.snapshot.hasNewer, isWhole()]).toEqual([400, 701, false, true])
    for (let count = 0; count < 30; count++) house.say(channel, 'ada', 'more')
    await settle()
    expect([seqs().length, seqs().at(-1), view.snapshot.hasOlder, isWhole()]).toEqual([400, 731, true, true])
  })
})
