import { describe, expect, test } from 'vitest'
import { ChatHouse } from '../../testing/chat-house.ts'
import { settle } from '../../testing/house.ts'
import { Views } from '../../views/views.ts'
import { draftsView } from '../drafts/drafts-view.ts'
import { conversationInfoView } from './conversation-info-view.ts'
import { conversationsView } from './conversations-view.ts'
import { membersView } from './members-view.ts'

const a = 'conversation:a'
const b = 'conversation:b'

function houseOf(): ChatHouse {
  const house = new ChatHouse()
  house.open(a, ['ada', 'bob'], 1)
  house.open(b, ['ada', 'bob'], 1)
  return house
}

async function enter(house: ChatHouse): Promise<Views> {
  const client = house.client('bob')
  void client.connect()
  await settle()
  return new Views(client)
}

describe('conversations', () => {
  test('the one with the newest message comes first; joining and leaving are followed', async () => {
    const house = houseOf()
    const view = conversationsView(await enter(house))
    view.watch(() => undefined)
    await settle()
    const names = () => view.snapshot.conversations.map(({ channel }) => channel)
    expect([view.snapshot.status, names()]).toEqual(['ready', [b, a]])
    const before = view.snapshot.conversations
    house.say(a, 'ada', 'newer')
    await settle()
    expect(names()).toEqual([a, b])
    expect(view.snapshot.conversations[1]).toBe(before[0])
    house.open('conversation:c', ['bob'])
    house.append('inbox:bob', 'chat.added', { channel: 'conversation:c' })
    house.append('inbox:bob', 'chat.removed', { channel: a, reason: 'x' })
    await settle()
    expect([...names()].sort()).toEqual([b, 'conversation:c'])
  })

  test('a list that cannot be read says why, and is read when asked again', async () => {
    const house = houseOf()
    house.refuse('chat.list', 'forbidden')
    const view = conversationsView(await enter(house))
    view.watch(() => undefined)
    await settle()
    expect(view.snapshot).toMatchObject({ status: 'failed', error: { code: 'forbidden' } })
    view.reload()
    await settle()
    expect(view.snapshot).toMatchObject({ status: 'ready', error: undefined })
  })

  test('one is read again when its settings change, and forgotten when it may not be known any more', async () => {
    const house = houseOf()
    const view = conversationInfoView(await enter(house), a)
    view.watch(() => undefined)
    await settle()
    expect(view.snapshot.conversation).toMatchObject({ channel: a, members: 2 })
    house.members.get(a)?.add('eve')
    house.append(a, 'chat.member_joined', { user: 'eve' })
    await expect.poll(() => view.snapshot.conversation?.members).toBe(3)
    house.members.delete(a)
    house.append('inbox:bob', 'chat.removed', { channel: a, reason: 'x' })
    await expect.poll(() => view.snapshot.conversation).toBeUndefined()
    expect(view.snapshot.error?.code).toBe('forbidden')
  })
})

test('members come and go', async () => {
  const house = houseOf()
  const view = membersView(await enter(house), a)
  view.watch(() => undefined)
  await settle()
  const users = () => view.snapshot.members.map(({ user, role }) => `${user} ${role}`)
  expect(users()).toEqual(['ada member', 'bob member'])
  const [ada] = view.snapshot.members
  house.append(a, 'chat.member_joined', { user: 'alan' })
  house.append(a, 'chat.role_changed', { user: 'bob', role: 'admin' })
  await settle()
  expect(users()).toEqual(['ada member', 'alan member', 'bob admin'])
  expect(view.snapshot.members[0]).toBe(ada)
  house.append(a, 'chat.member_left', { user: 'alan' })
  await settle()
  expect(users()).toEqual(['ada member', 'bob admin'])
})

test('a draft that was written on one device is on the other, and gone there when it is dropped here', async () => {
  const house = houseOf()
  const desk = draftsView(await enter(house))
  const phone = draftsView(await enter(house))
  desk.watch(() => undefined)
  phone.watch(() => undefined)
  await settle()
  desk.draft(a, undefined).write('half a sentence')
  desk.save()
  await settle()
  expect(phone.snapshot.drafts.get(a)).toEqual({ text: 'half a sentence', isSaved: true, error: undefined })
  expect([...phone.snapshot.places]).toEqual([a])
  desk.draft(a, undefined).clear()
  await settle()
  expect([phone.snapshot.drafts.get(a)?.text, phone.snapshot.places.size]).toEqual(['', 0])
})
