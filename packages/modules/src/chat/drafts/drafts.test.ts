import type { TestClient } from '@parley/kernel/testing'
import { expect, test } from 'vitest'
import { together } from '../testing/calls.ts'
import { type ChatNode, makeRoom, startChat } from '../testing/chat-node.ts'

const drafts = 'drafts:ada'

/** What a device has heard of drafts: the type, and the words. */
const heard = (device: TestClient) =>
  device.events.map(({ type, data }) => [type, (data as { text?: string }).text])

/** What the log of drafts still says; null for what is gone. */
async function words(t: ChatNode): Promise<unknown[]> {
  const events = await t.store.read('default', drafts, { after: 0, limit: 1_000 })
  return events.map(({ data, redacted }) => (redacted ? null : (JSON.parse(data) as { text?: string }).text))
}

test('a draft follows its user from device to device', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada')
  const [desk, phone] = [await t.client('ada'), await t.client('ada')]
  await desk.subscribe(drafts)
  await phone.subscribe(drafts)
  await desk.call('chat.saveDraft', { channel, text: 'not su' })
  await desk.call('chat.saveDraft', { channel, text: 'not sure' })
  await phone.call('chat.saveDraft', { channel, text: 'quite sure' })
  expect(heard(desk)).toEqual([
    ['chat.draft_saved', 'not su'],
    ['chat.draft_saved', 'not sure'],
    ['chat.draft_saved', 'quite sure'],
  ])
  expect(heard(phone)).toEqual(heard(desk))
  expect((await t.as('ada', 'drafts', {})).drafts).toEqual([
    { channel, text: 'quite sure', at: t.clock.now() },
  ])
  expect(await words(t)).toEqual([null, null, 'quite sure'])
  expect(desk.faults).toEqual([])
})

test('an empty text drops the draft, and its words', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada')
  const seq = (await t.as('ada', 'send', { channel, text: 'root' })).seq
  await t.as('ada', 'saveDraft', { channel, text: 'one' })
  await t.as('ada', 'saveDraft', { channel, thread: seq, text: 'another' })
  await t.as('ada', 'saveDraft', { channel, text: '' })
  await t.as('ada', 'saveDraft', { channel, text: '' })
  expect((await t.as('ada', 'drafts', {})).drafts).toMatchObject([{ channel, thread: seq, text: 'another' }])
  expect(await words(t)).toEqual([null, 'another', undefined])
})

test('two devices that save at the same moment leave one draft, and the words of one', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada')
  await t.as('ada', 'saveDraft', { channel, text: 'first' })
  const outcomes = await together(
    t,
    ['ada', 'saveDraft', { channel, text: 'from here' }],
    ['ada', 'saveDraft', { channel, text: 'from there' }],
  )
  expect(outcomes.map(({ code }) => code)).toEqual([undefined, undefined])
  const kept = (await t.as('ada', 'drafts', {})).drafts.map(({ text }) => text)
  expect((await words(t)).filter((text) => text !== null)).toEqual(kept)
  expect(kept).toHaveLength(1)
})

test('drafts are kept for what the user may read, and dropped for anything', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'ben')
  await t.as('ben', 'saveDraft', { channel, text: 'still in' })
  await t.as('ada', 'removeMember', { channel, user: 'ben' })
  expect(await t.refusal('ben', 'saveDraft', { channel, text: 'out' })).toBe('forbidden')
  expect(await t.refusal('ben', 'saveDraft', { channel: 'conversation:nowhere', text: 'lost' })).toBe(
    'forbidden',
  )
  expect(await t.refusal('ben', 'saveDraft', { channel, text: '' })).toBe('ok')
  expect(await t.as('ben', 'drafts', {})).toEqual({ drafts: [] })
})

test('nobody else reads the drafts of a user', async () => {
  const t = await startChat()
  const ben = await t.connect({ app: 'default', role: 'user', user: 'ben', grants: [] })
  expect((await ben.subscribe(drafts)).error?.code).toBe('forbidden')
})

test('a user has a bounded number of drafts', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada')
  for (let thread = 1; thread <= 500; thread++) await t.as('ada', 'saveDraft', { channel, thread, text: 'x' })
  expect(await t.refusal('ada', 'saveDraft', { channel, text: 'one more' })).toBe('chat.too_many_drafts')
  expect(await t.refusal('ada', 'saveDraft', { channel, thread: 500, text: 'another text' })).toBe('ok')
})
