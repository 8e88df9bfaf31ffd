import type { Client } from '@parley/client'
import { describe, expect, test, vi } from 'vitest'
import { ChatHouse } from '../../testing/chat-house.ts'
import { settle } from '../../testing/house.ts'
import { Views } from '../../views/views.ts'
import { type ConversationView, conversationView } from './conversation-view.ts'

const channel = 'conversation:a'

interface Window {
  readonly client: Client
  readonly views: Views
  readonly view: ConversationView
  readonly tell: ReturnType<typeof vi.fn>
  readonly leave: () => void
  texts(): readonly string[]
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
  return { client, views, view, tell, leave, texts: () => view.snapshot.messages.map(({ text }) => text) }
}

function houseOf(messages: number): ChatHouse {
  const house = new ChatHouse()
  house.open(channel, ['ada', 'bob'], messages)
  return house
}

describe('a conversation', () => {
  test('history first, then live, in order and without a question too many', async () => {
    const house = houseOf(3)
    const { view, texts } = await look(house, 'bob')
    expect(texts()).toEqual(['message 1', 'message 2', 'message 3'])
    house.say(channel, 'ada', 'live')
    await settle()
    expect(texts()).toEqual(['message 1', 'message 2', 'message 3', 'live'])
    expect(view.snapshot).toMatchObject({ status: 'ready', isLive: true, hasOlder: false, newest: 4 })
    expect(house.calls.filter(({ command }) => command === 'chat.history')).toHaveLength(1)
  })

  test('making one has no effect; two that look share one subscription and one page', async () => {
    const house = houseOf(1)
    const { view, views } = await look(house, 'bob')
    expect(conversationView(views, channel)).toBe(view)
    view.watch(() => undefined)
    await settle()
    expect(house.listeners(channel)).toEqual(['bob'])
    expect(house.calls.filter(({ command }) => command === 'chat.history')).toHaveLength(1)
  })
})
