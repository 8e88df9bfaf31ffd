import { describe, expect, test } from 'vitest'
import { ChatHouse } from '../../testing/chat-house.ts'
import { settle } from '../../testing/house.ts'
import { Views } from '../../views/views.ts'
import { conversationView } from './conversation-view.ts'

const channel = 'conversation:a'

async function look(house: ChatHouse, user: string, thread?: number) {
  const client = house.client(user)
  const view = conversationView(new Views(client), channel, thread)
  void client.connect()
  view.watch(() => undefined)
  await settle()
  const states = () => view.snapshot.messages.map(({ text, state }) => `${text}: ${state}`)
  const last = () => view.snapshot.messages.at(-1)
  return { client, view, states, last, ...view.actions }
}

function houseOf(messages: number): ChatHouse {
  const house = new ChatHouse()
  house.open(channel, ['ada', 'bob'], messages)
  return house
}

describe('sending', () => {
  test('a message is shown at once, keeps its key until it is stored, and is there once', async () => {
    const house = houseOf(1)
    const { view, send, states, last } = await look(house, 'bob')
    const letGo = house.hold('chat.send')
    const sent = send('hello')
    await settle()
    expect(states()).toEqual(['message 1: stored', 'hello: sending'])
    const { key } = last() ?? {}
    letGo()
    expect(await sent).toBe(2)
    await settle()
    expect(states()).toEqual(['message 1: stored', 'hello: stored'])
    expect(last()).toMatchObject({ key, seq: 2, isMine: true })
    expect(view.snapshot.newest).toBe(2)
  })

  test('messages of others that come meanwhile take their places, whichever way answers and events cross', async () => {
    const house = houseOf(1)
    const { send, states } = await look(house, 'bob')
    const letGo = house.hold('chat.send')
    void send('mine')
    house.say(channel, 'ada', 'theirs')
    await settle()
    expect(states()).toEqual(['message 1: stored', 'theirs: stored', 'mine: sending'])
    letGo()
    house.say(channel, 'ada', 'theirs again')
    await settle()
    expect(states().map((state) => state.split(':')[0])).toEqual([
      'message 1',
      'theirs',
      'mine',
      'theirs again',
    ])
  })

  test('a refused message stays where it was written; it is sent again under its id, or discarded', async () => {
    const house = houseOf(1)
    const { send, retry, discard, states, last, view } = await look(house, 'bob')
    house.refuse('chat.send', 'chat.locked', 'Only admins write here.')
    await expect(send('no')).rejects.toMatchObject({ code: 'chat.locked' })
    house.say(channel, 'ada', 'later')
    await settle()
    expect(states()).toEqual(['message 1: stored', 'no: failed', 'later: stored'])
    const failed = view.snapshot.messages[1]
    expect(failed?.error?.message).toBe('Only admins write here.')
    const [first] = house.calls.filter(({ command }) => command === 'chat.send')
    await retry(failed?.key ?? '')
    await settle()
    const again = house.calls.filter(({ command }) => command === 'chat.send').at(-1)
    expect(again?.input).toEqual(first?.input)
    expect(states().at(-1)).toBe('no: stored')
    await expect(retry(failed?.key ?? '')).rejects.toMatchObject({ code: 'not_found' })
    house.refuse('chat.send', 'chat.locked')
    await send('never').catch(() => undefined)
    await settle()
    discard(last()?.key ?? '')
    await settle()
    expect(states().some((state) => state.startsWith('never'))).toBe(false)
  })

  test('what is written without a connection is sent when it is back, in order and once', async () => {
    const house = houseOf(1)
    const { send, states } = await look(house, 'bob')
    house.isDown = true
    house.drop()
    await settle()
    void send('one')
    void send('two')
    await settle()
    expect(states().slice(1)).toEqual(['one: sending', 'two: sending'])
    house.isDown = false
    await settle()
    expect(states().slice(1)).toEqual(['one: stored', 'two: stored'])
    expect(house.messages.get(channel)?.map(({ text }) => text)).toEqual(['message 1', 'one', 'two'])
  })

  test('an answer that was lost with the connection does not make it two', async () => {
    const house = houseOf(1)
    const { send, states } = await look(house, 'bob')
    const letGo = house.hold('chat.send')
    void send('once')
    await settle()
    house.drop()
    letGo()
    await settle()
    expect(states()).toEqual(['message 1: stored', 'once: stored'])
    expect(house.messages.get(channel)).toHaveLength(2)
  })

  test('a message is seen when somebody else has read as far', async () => {
    const house = houseOf(0)
    const { send, states } = await look(house, 'bob')
    await send('one')
    await send('two')
    house.setState(channel, 'bob', 'read', { seq: 2 })
    await settle()
    expect(states()).toEqual(['one: stored', 'two: stored'])
    house.setState(channel, 'ada', 'read', { seq: 1 })
    await settle()
    expect(states()).toEqual(['one: seen', 'two: stored'])
    // The entry ends by itself; what was seen stays so.
    house.setState(channel, 'ada', 'read', null)
    await settle()
    expect(states()).toEqual(['one: seen', 'two: stored'])
  })

  test('what was read before is asked for once', async () => {
    const house = houseOf(0)
    house.say(channel, 'bob', 'old')
    house.mark('ada', channel).seq = 1
    const { states } = await look(house, 'bob')
    expect(states()).toEqual(['old: seen'])
  })

  test('writing while the window lies in the past brings it back', async () => {
    const house = houseOf(200)
    const { view, send, states } = await look(house, 'bob')
    await view.actions.jumpTo({ seq: 20 })
    await send('here')
    await settle()
    expect([view.snapshot.hasNewer, states().at(-1)]).toEqual([false, 'here: stored'])
  })

  test('two windows of one user show the same', async () => {
    const house = houseOf(1)
    const one = await look(house, 'bob')
    const other = await look(house, 'bob')
    await one.send('from one')
    await settle()
    expect(other.states()).toEqual(one.states())
    expect(other.last()).toMatchObject({ isMine: true, state: 'stored' })
  })
})

describe('changes', () => {
  const cases = [
    {
      command: 'chat.edit',
      run: 'edit',
      args: [2, 'better'],
      shown: { text: 'better' },
      before: { text: 'own' },
    },
    { command: 'chat.delete', run: 'remove', args: [2], shown: { text: '' }, before: { text: 'own' } },
    {
      command: 'chat.react',
      run: 'react',
      args: [2, '👍'],
      shown: { reactions: [{ emoji: '👍', count: 1, mine: true }] },
      before: { reactions: [] },
    },
    { command: 'chat.pin', run: 'pin', args: [2], shown: { pinned: { by: 'bob' } }, before: { text: 'own' } },
  ] as const

  test.each(cases)('$command is shown at once and kept', async ({ command, run, args, shown }) => {
    const house = houseOf(1)
    house.say(channel, 'bob', 'own')
    const { view, last } = await look(house, 'bob')
    const letGo = house.hold(command)
    const done = (view.actions[run] as (...given: readonly unknown[]) => Promise<void>)(...args)
    await settle()
    expect(last()).toMatchObject({ ...shown, changing: run === 'remove' ? 'delete' : run })
    letGo()
    await done
    await settle()
    expect(last()).toMatchObject(shown)
    expect(last()).not.toHaveProperty('changing')
  })

  test.each(cases)(
    '$command is taken back when it is refused, and says why',
    async ({ command, run, args, before }) => {
      const house = houseOf(1)
      house.say(channel, 'bob', 'own')
      const { view, last } = await look(house, 'bob')
      house.refuse(command, 'forbidden', 'No.')
      const done = (view.actions[run] as (...given: readonly unknown[]) => Promise<void>)(...args)
      await expect(done).rejects.toMatchObject({ code: 'forbidden' })
      await settle()
      expect(last()).toMatchObject({ ...before, refused: { error: { message: 'No.' } } })
      view.actions.dismiss(2)
      await settle()
      expect(last()).not.toHaveProperty('refused')
    },
  )

  test('a reaction goes to and fro without a count going wrong', async () => {
    const house = houseOf(1)
    house.react('ada', { channel, seq: 1 }, '👍')
    const { view, last, react } = await look(house, 'bob')
    const other = await look(house, 'ada')
    for (const count of [2, 1, 2]) {
      await react(1, '👍')
      await settle()
      expect(last()?.reactions).toMatchObject([{ count, mine: count === 2 }])
    }
    expect(other.last()?.reactions).toMatchObject([{ count: 2, mine: true }])
    void react(1, '👍')
    void react(1, '👍')
    void react(1, '👍')
    await settle()
    expect([view.snapshot.messages[0]?.reactions[0]?.count, other.last()?.reactions[0]?.count]).toEqual([
      1, 1,
    ])
  })

  test('a message deleted for the user alone goes here, on their other devices, and nowhere else', async () => {
    const house = houseOf(2)
    const mine = await look(house, 'bob')
    const tablet = await look(house, 'bob')
    const other = await look(house, 'ada')
    await mine.remove(1, 'me')
    await settle()
    expect([mine, tablet, other].map(({ view }) => view.snapshot.messages.length)).toEqual([1, 1, 2])
  })
})

describe('a thread', () => {
  test('has its root and its replies; what is written goes into it', async () => {
    const house = houseOf(3)
    house.say(channel, 'ada', 'reply 1', { thread: 2 })
    house.say(channel, 'ada', 'elsewhere', { thread: 1 })
    const thread = await look(house, 'bob', 2)
    const main = await look(house, 'bob')
    expect(thread.view.snapshot.root).toMatchObject({ seq: 2, text: 'message 2' })
    expect(thread.states()).toEqual(['reply 1: stored'])
    await thread.send('reply 2')
    house.react('ada', { channel, seq: 2 }, '👍')
    await settle()
    expect(thread.states()).toEqual(['reply 1: stored', 'reply 2: stored'])
    expect(thread.view.snapshot.root).toMatchObject({ replies: { count: 2 }, reactions: [{ count: 1 }] })
    expect(main.view.snapshot.messages).toHaveLength(3)
    expect(main.view.snapshot.messages[1]).toMatchObject({ replies: { count: 2, users: ['ada', 'bob'] } })
  })
})
