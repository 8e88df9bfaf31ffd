import type { ChannelEvent, StateEntry, StateFrame } from '@parley/protocol'
import { expect, test } from 'vitest'
import type { ClientOptions } from '../client-options.ts'
import { settle } from '../testing/manual-clock.ts'
import { connected } from '../testing/scripted-server.ts'

const channel = 'room:a'

const typing = (user: string, activity = 'typing'): StateEntry => ({
  key: `~${user}|typing`,
  name: 'typing',
  user,
  value: { activity, since: 7 },
})

const types = [
  ...['typing.started', 'typing.stopped', 'badge.given', 'badge.taken'],
  ...['presence.online', 'presence.updated', 'presence.offline'],
]

async function listening(options: Partial<ClientOptions> = {}) {
  const made = await connected(options)
  const { client, server } = made
  const told: string[] = []
  const events: ChannelEvent[] = []
  for (const type of types)
    client.on(type, (event: ChannelEvent) => {
      told.push(`${type} ${event.by}`)
      events.push(event)
    })
  const stream: unknown[] = []
  const subscription = client.subscribe(channel, { state: true, onEvent: (event) => stream.push(event) })
  await settle()
  const admit = (version: number, ...entries: StateEntry[]) =>
    server.last.admit({ state: { instance: 'i', version, entries, total: entries.length } })
  const differ = (prev: number, changes: Partial<StateFrame>) =>
    server.last.send({
      op: 'state',
      channel,
      instance: 'i',
      prev,
      version: prev + 1,
      set: [],
      removed: [],
      ...changes,
    })
  return { ...made, told, events, stream, subscription, admit, differ, since: () => told.splice(0) }
}

test('an entry that comes, changes and goes is told as the events of its contract', async () => {
  const { admit, differ, since, events, stream, clock } = await listening()
  await admit(1, typing('ada'))
  expect(since()).toEqual(['typing.started ada'])
  expect(events[0]).toEqual({
    id: '~ada|typing',
    channel,
    type: 'typing.started',
    data: { activity: 'typing', since: 7, channel, user: 'ada' },
    offset: 0,
    at: clock.now(),
    by: 'ada',
  })
  await differ(1, { set: [typing('ada'), typing('bob')] })
  expect(since()).toEqual(['typing.started bob'])
  await differ(2, { set: [typing('ada', 'uploading')], removed: ['~bob|typing', '~eve|typing'] })
  expect(since()).toEqual(['typing.stopped bob', 'typing.started ada'])
  expect(events.at(-1)?.data).toMatchObject({ activity: 'uploading', user: 'ada' })
  // They have no place in the stream.
  expect(stream).toEqual([])
})

test('entries of the channel as a whole, and of other names, are told as no events', async () => {
  const { admit, since } = await listening()
  await admit(
    1,
    { key: '~|typing', name: 'typing', value: { count: 9 } },
    { key: 's1|mood', name: 'mood', user: 'ada', session: 's1', value: 1 },
  )
  expect(since()).toEqual([])
})

test('a lost connection ends what is fleeting, and the next snapshot begins it again', async () => {
  const { admit, since, subscription, server, clock } = await listening()
  const mood = { key: 's1|mood', name: 'mood', user: 'ada', session: 's1', value: 1 }
  await admit(1, typing('ada'), mood)
  since()
  await server.last.close()
  expect(since()).toEqual(['typing.stopped ada'])
  expect([...subscription.state.keys()]).toEqual(['s1|mood'])
  await clock.advance(1_000)
  await server.last.accept()
  await admit(5, typing('ada'), typing('bob'), mood)
  expect(since()).toEqual(['typing.started ada', 'typing.started bob'])
})

test('presence: who comes, changes and goes; those who subscribed to the same channel are none of it', async () => {
  const { admit, differ, since } = await listening()
  const presence = (user: string, availability: string): StateEntry => ({
    key: `~${user}|presence`,
    name: 'presence',
    user,
    value: { availability, since: 7 },
  })
  const subscriber = { key: 's1|presence', name: 'presence', user: 'eve', session: 's1', value: { since: 1 } }
  await admit(1, presence('ada', 'online'), subscriber)
  await differ(1, { set: [presence('ada', 'away')], removed: ['s1|presence'] })
  await differ(2, { removed: ['~ada|presence'] })
  expect(since()).toEqual(['presence.online ada', 'presence.updated ada', 'presence.offline ada'])
})

test('modules of one’s own are followed by the rules given to the client', async () => {
  const states = { badge: { events: { began: 'badge.given', ended: 'badge.taken' } } }
  const { admit, differ, since, events } = await listening({ states })
  const badge = (value: unknown) => ({ key: '~ada|badge', name: 'badge', user: 'ada', value })
  await admit(1, badge('gold'), typing('bob'))
  await differ(1, { set: [badge('silver')] })
  await differ(2, { removed: ['~ada|badge'] })
  expect(since()).toEqual(['badge.given ada', 'typing.started bob', 'badge.taken ada'])
  expect(events.at(-1)?.data).toEqual({ value: 'silver', channel, user: 'ada' })
})
