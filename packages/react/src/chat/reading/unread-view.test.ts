import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChatHouse } from '../../testing/chat-house.ts'
import { settle } from '../../testing/house.ts'
import { Views } from '../../views/views.ts'
import { UnreadView } from './unread-view.ts'

const a = 'conversation:a'
const b = 'conversation:b'

async function look(house: ChatHouse, user: string) {
  const client = house.client(user)
  const view = new UnreadView(new Views(client), 3)
  void client.connect()
  const leave = view.watch(() => undefined)
  await settle()
  const counts = () =>
    Object.fromEntries([...view.snapshot.conversations].map(([name, { unread }]) => [name, unread]))
  return { client, view, leave, counts, ...view.actions }
}

function houseOf(): ChatHouse {
  const house = new ChatHouse()
  house.open(a, ['ada', 'bob'], 3)
  house.open(b, ['ada', 'bob'], 1)
  return house
}

const asked = (house: ChatHouse, command: string) => house.calls.filter((call) => call.command === command)

describe('unread', () => {
  test('what the server counts, then what is heard; nobody sees the user in the conversations', async () => {
    const house = houseOf()
    const { counts, view } = await look(house, 'bob')
    expect([counts(), view.snapshot.total, view.snapshot.isKnown]).toEqual([{ [a]: 3, [b]: 1 }, 4, true])
    house.say(a, 'ada', 'more')
    house.say(b, 'ada', 'to @bob', { mentions: ['bob'] })
    await settle()
    expect([counts(), view.snapshot.mentions]).toEqual([{ [a]: 4, [b]: 2 }, 1])
    house.say(a, 'bob', 'I have read all')
    await settle()
    expect(counts()).toEqual({ [a]: 0, [b]: 2 })
  })

  test('reading shows at once; the furthest mark goes out, at most once a second; all devices agree', async () => {
    const house = houseOf()
    const one = await look(house, 'bob')
    const other = await look(house, 'bob')
    const letGo = house.hold('chat.markRead')
    one.markRead(a, 2)
    one.markRead(a, 3)
    one.markRead(a, 1)
    await settle()
    expect([one.counts()[a], other.counts()[a]]).toEqual([0, 3])
    letGo()
    await settle()
    expect(asked(house, 'chat.markRead').map(({ input }) => input.seq)).toEqual([2])
    await expect
      .poll(() => asked(house, 'chat.markRead').map(({ input }) => input.seq), { timeout: 3_000 })
      .toEqual([2, 3])
    await settle()
    expect([one.counts()[a], other.counts()[a]]).toEqual([0, 0])
  })

  test('leaving tells at once what was read', async () => {
    const house = houseOf()
    const { markRead, leave } = await look(house, 'bob')
    markRead(a, 1)
    markRead(a, 3)
    leave()
    await settle()
    expect(house.mark('bob', a).seq).toBe(3)
    expect(house.listeners(a)).toEqual([])
  })

  test('a mark that is refused counts as unread again', async () => {
    const house = houseOf()
    const { markRead, counts } = await look(house, 'bob')
    house.refuse('chat.markRead', 'chat.not_a_member')
    markRead(a, 3)
    await settle()
    expect(counts()[a]).toBe(3)
  })

  test('what was marked unread stays so while it is looked at, until it is looked at anew', async () => {
    const house = houseOf()
    const { markUnread, markRead, seen, lookAgain, counts } = await look(house, 'bob')
    markRead(a, 3)
    await settle()
    await markUnread(a, 2)
    await settle()
    seen(a, 3)
    await settle()
    expect([counts()[a], house.mark('bob', a).seq]).toEqual([2, 1])
    lookAgain(a)
    seen(a, 3)
    await settle()
    expect([counts()[a], house.mark('bob', a).seq]).toEqual([0, 3])
    expect(asked(house, 'chat.markRead').at(-1)?.input).toMatchObject({ version: 1 })
  })

  test('a conversation that is new appears, one that was left goes', async () => {
    const house = houseOf()
    const { counts } = await look(house, 'bob')
    house.open('conversation:c', ['ada', 'bob'], 2)
    house.append('inbox:bob', 'chat.added', { channel: 'conversation:c' })
    await settle()
    await settle()
    expect(counts()).toEqual({ [a]: 3, [b]: 1, 'conversation:c': 2 })
    house.members.get(a)?.delete('bob')
    house.append('inbox:bob', 'chat.removed', { channel: a, reason: 'x' })
    await settle()
    expect(counts()).toEqual({ [b]: 1, 'conversation:c': 2 })
    house.say('conversation:c', 'ada', 'heard')
    await settle()
    expect(counts()).toEqual({ [b]: 1, 'conversation:c': 3 })
  })

  test('everything read', async () => {
    const house = houseOf()
    const { counts, client } = await look(house, 'bob')
    house.mark('bob', a).seq = 3
    house.append('inbox:bob', 'chat.read', house.readState('bob', a), 'bob')
    await settle()
    expect(counts()).toEqual({ [a]: 0, [b]: 1 })
    expect(client.status).toBe('connected')
  })
})

type Step = {
  readonly do: 'say' | 'mention' | 'own' | 'remove' | 'mark' | 'back' | 'away' | 'settle'
  readonly pick: number
  readonly inB: boolean
}
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('say', 'say', 'mention', 'own', 'remove', 'mark', 'back', 'away', 'settle'),
  pick: fc.nat(30),
  inB: fc.boolean(),
})

test('whatever happens, the counts are those of the server', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const house = houseOf()
      const { view, markRead, markUnread, leave } = await look(house, 'bob')
      for (const { do: what, pick, inB } of steps) {
        const channel = inB ? b : a
        const seqs = (house.messages.get(channel) ?? [])
          .filter(({ deleted }) => !deleted)
          .map(({ seq }) => seq)
        const seq = seqs[pick % Math.max(1, seqs.length)]
        const acts: Readonly<Record<Step['do'], () => unknown>> = {
          say: () => house.say(channel, 'ada', 'x'),
          mention: () => house.say(channel, 'ada', 'x', { mentions: ['bob'] }),
          own: () => house.say(channel, 'bob', 'x'),
          remove: () => seq && house.remove('ada', { channel, seq }),
          mark: () => markRead(channel, seq ?? 1),
          back: () => void markUnread(channel, seq ?? 1),
          away: () => house.drop(),
          settle,
        }
        await acts[what]()
      }
      await settle()
      // A mark waits for its turn, and what the server alone knows is asked for in a while.
      const here = () => [...view.snapshot.conversations.values()].map(told)
      const there = () => [a, b].map((channel) => told(house.readState('bob', channel)))
      await expect.poll(() => isDeepStrictEqual(here(), there()), { timeout: 3_000 }).toBe(true)
      expect(here()).toEqual(there())
      leave()
    }),
    { numRuns: 40 },
  )
}, 100_000)

const told = ({ channel, seq, unread, mentions, head }: ReturnType<ChatHouse['readState']>) => ({
  ...{ channel, seq, unread, mentions, head },
})
