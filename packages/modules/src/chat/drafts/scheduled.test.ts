import { memorySql } from '@parley/adapters/log-and-store/sqlite'
import type { Context, Module, ModuleServices, Store } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { chatModule } from '../index.ts'
import { textsOf } from '../testing/calls.ts'
import { type ChatNode, makeRoom, startChat } from '../testing/chat-node.ts'

const hour = 60 * 60 * 1000
const drafts = 'drafts:ada'

const inOneHour = (t: ChatNode): number => t.clock.now() + hour

/** What the log of scheduled messages still says; null for what is gone. */
async function log(t: ChatNode): Promise<unknown[]> {
  const events = await t.store.read('default', drafts, { after: 0, limit: 1_000 })
  return events.map(({ type, data, redacted }) => (redacted ? null : [type, JSON.parse(data)]))
}

/** Refuses units with an event of a type, as long as it is told to. */
function refusing(type: string) {
  const fault = { on: true, times: 0 }
  const around = (store: Store): Store =>
    new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown
        if (typeof value !== 'function') return value
        if (name !== 'commit') return value.bind(target)
        return (...given: Parameters<Store['commit']>) => {
          if (!fault.on || !given[0].events.some((event) => event.type === type))
            return target.commit(...given)
          fault.times += 1
          return Promise.reject(new ParleyError('unavailable', 'Not now.'))
        }
      },
    })
  return { fault, around: around as never }
}

/** A module, and what the node gives it when it starts. */
function served(module: Module) {
  let given: ModuleServices | undefined
  const start = (services: ModuleServices) => {
    given = services
    return module.start?.(services)
  }
  return { module: { ...module, start }, services: () => given as ModuleServices }
}

/** What comes after a node that has stopped. */
async function next(t: ChatNode): Promise<ChatNode> {
  await t.node.stop()
  return startChat({ disk: t.store.disk, clock: t.clock })
}

test('a scheduled message is sent when it is due, once, and leaves no words behind', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'ben')
  const dueAt = inOneHour(t)
  const plan = await t.as('ada', 'schedule', { channel, text: 'Good morning', dueAt, id: 'x1' })
  expect(plan).toEqual({ id: 'x1', channel, dueAt })
  expect((await t.as('ada', 'scheduled', {})).scheduled).toEqual([{ ...plan, text: 'Good morning' }])
  await t.clock.advance(hour - 1_000)
  expect(await textsOf(t, 'ben', channel)).toEqual([])
  await t.clock.advance(1_000)
  expect(await textsOf(t, 'ben', channel)).toEqual(['Good morning'])
  await t.clock.advance(hour)
  const { messages } = await t.as('ben', 'history', { channel })
  expect(messages).toMatchObject([{ author: 'ada', at: dueAt }])
  expect(await t.as('ada', 'scheduled', {})).toEqual({ scheduled: [] })
  expect(await log(t)).toEqual([null, ['chat.unscheduled', { id: 'x1' }]])
})

test('messages are sent in the order of their times, in their threads', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada')
  const { seq: thread } = await t.as('ada', 'send', { channel, text: 'root' })
  const dueAt = inOneHour(t)
  for (const [text, at] of [
    ['third', dueAt + 2],
    ['first', dueAt],
    ['second', dueAt + 1],
  ] as const)
    await t.as('ada', 'schedule', { channel, text, dueAt: at })
  await t.as('ada', 'schedule', { channel, thread, text: 'reply', dueAt })
  await t.clock.advance(hour + 10)
  expect(await textsOf(t, 'ada', channel)).toEqual(['root', 'first', 'second', 'third'])
  const replies = await t.as('ada', 'history', { channel, thread })
  expect(replies.messages.map(({ text }) => text)).toEqual(['reply'])
})

describe('after a restart', () => {
  test('what became due meanwhile is sent', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada')
    await t.as('ada', 'schedule', { channel, text: 'soon', dueAt: inOneHour(t) })
    await t.as('ada', 'schedule', { channel, text: 'later', dueAt: inOneHour(t) + hour })
    await t.node.stop()
    await t.clock.advance(hour + 1)
    const again = await startChat({ disk: t.store.disk, clock: t.clock })
    await again.clock.advance(1)
    expect(await textsOf(again, 'ada', channel)).toEqual(['soon'])
    await again.clock.advance(hour)
    expect(await textsOf(again, 'ada', channel)).toEqual(['soon', 'later'])
  })

  test('what was sent and not yet noted is not sent twice', async () => {
    const { fault, around } = refusing('chat.unscheduled')
    const t = await startChat({ aroundStore: around })
    const channel = await makeRoom(t, 'general', 'ada')
    await t.as('ada', 'schedule', { channel, text: 'once', dueAt: inOneHour(t) })
    await t.clock.advance(hour)
    expect(fault.times).toBeGreaterThan(0)
    expect(await textsOf(t, 'ada', channel)).toEqual(['once'])
    const again = await next(t)
    await again.clock.advance(1)
    expect(await textsOf(again, 'ada', channel)).toEqual(['once'])
    expect(await again.as('ada', 'scheduled', {})).toEqual({ scheduled: [] })
  })
})

describe('rights', () => {
  test('are those of the moment: a refusal is kept and told, and can be mended', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ben', 'ada')
    const ada = await t.client('ada')
    await ada.subscribe(drafts)
    await t.as('ada', 'schedule', { channel, text: 'I am', dueAt: inOneHour(t), id: 'x1' })
    await t.as('ben', 'removeMember', { channel, user: 'ada' })
    await t.clock.advance(hour)
    expect(await textsOf(t, 'ben', channel)).toEqual([])
    const problem = expect.stringContaining('write')
    expect(ada.events.at(-1)).toMatchObject({ type: 'chat.unscheduled', data: { id: 'x1', problem } })
    expect((await t.as('ada', 'scheduled', {})).scheduled).toMatchObject([
      { id: 'x1', text: 'I am', problem },
    ])
    expect(await t.refusal('ada', 'reschedule', { id: 'x1', text: 'I was' })).toBe('chat.bad_time')
    await t.as('ben', 'addMembers', { channel, users: ['ada'] })
    await t.as('ada', 'reschedule', { id: 'x1', text: 'I am back', dueAt: inOneHour(t) })
    await t.clock.advance(hour)
    expect(await textsOf(t, 'ben', channel)).toEqual(['I am back'])
    expect((await log(t)).filter((event) => event !== null)).toHaveLength(2)
  })

  test('nobody schedules where they may not write', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ben')
    expect(await t.refusal('ada', 'schedule', { channel, text: 'x', dueAt: inOneHour(t) })).toBe('forbidden')
  })
})

describe('changes', () => {
  test('a new time and a new text; the old words are gone', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada')
    await t.as('ada', 'schedule', { channel, text: 'old', dueAt: inOneHour(t), id: 'x1' })
    await t.as('ada', 'reschedule', { id: 'x1', dueAt: inOneHour(t) + hour })
    await t.as('ada', 'reschedule', { id: 'x1', text: 'new' })
    expect((await t.as('ada', 'scheduled', {})).scheduled).toMatchObject([{ id: 'x1', text: 'new' }])
    expect((await log(t)).filter((event) => event !== null)).toMatchObject([
      ['chat.scheduled', { text: 'new' }],
    ])
    await t.clock.advance(hour)
    expect(await textsOf(t, 'ada', channel)).toEqual([])
    await t.clock.advance(hour)
    expect(await textsOf(t, 'ada', channel)).toEqual(['new'])
  })

  test('a cancelled message is not sent', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada')
    await t.as('ada', 'schedule', { channel, text: 'never', dueAt: inOneHour(t), id: 'x1' })
    await t.as('ada', 'cancelScheduled', { id: 'x1' })
    expect(await t.refusal('ada', 'cancelScheduled', { id: 'x1' })).toBe('not_found')
    await t.clock.advance(2 * hour)
    expect(await textsOf(t, 'ada', channel)).toEqual([])
    expect(await log(t)).toEqual([null, ['chat.unscheduled', { id: 'x1' }]])
  })

  test('a repeat with the same id changes nothing', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada')
    const dueAt = inOneHour(t)
    const first = await t.as('ada', 'schedule', { channel, text: 'one', dueAt, id: 'x1' })
    expect(await t.as('ada', 'schedule', { channel, text: 'two', dueAt: dueAt + 1, id: 'x1' })).toEqual(first)
    await t.clock.advance(hour + 10)
    expect(await textsOf(t, 'ada', channel)).toEqual(['one'])
  })

  test('times have bounds, and so has the number', async () => {
    const t = await startChat()
    const channel = await makeRoom(t, 'general', 'ada')
    const refusal = (dueAt: number) => t.refusal('ada', 'schedule', { channel, text: 'x', dueAt })
    const now = t.clock.now()
    expect(await refusal(now + 9_999)).toBe('chat.bad_time')
    expect(await refusal(now + 367 * 24 * hour)).toBe('chat.bad_time')
    for (let count = 0; count < 100; count++) expect(await refusal(now + 10_000)).toBe('ok')
    expect(await refusal(now + 10_000)).toBe('chat.too_many_scheduled')
    expect(await t.refusal('ada', 'reschedule', { id: 'none', dueAt: now + hour })).toBe('not_found')
    await t.clock.advance(10_000)
    expect(await textsOf(t, 'ada', channel)).toHaveLength(100)
  })
})

describe('a server that cannot send for now', () => {
  test('tries again; meanwhile the message cannot be called back', async () => {
    const { fault, around } = refusing('chat.sent')
    const t = await startChat({ aroundStore: around })
    const channel = await makeRoom(t, 'general', 'ada')
    await t.as('ada', 'schedule', { channel, text: 'in time', dueAt: inOneHour(t), id: 'x1' })
    await t.clock.advance(hour)
    expect(fault.times).toBe(1)
    expect(await t.refusal('ada', 'cancelScheduled', { id: 'x1' })).toBe('chat.being_sent')
    expect(await t.refusal('ada', 'reschedule', { id: 'x1', text: 'no' })).toBe('chat.being_sent')
    fault.on = false
    await t.clock.advance(60_000)
    expect(await textsOf(t, 'ada', channel)).toEqual(['in time'])
  })

  test('gives up after some attempts, and says so', async () => {
    const { fault, around } = refusing('chat.sent')
    const t = await startChat({ aroundStore: around })
    const channel = await makeRoom(t, 'general', 'ada')
    await t.as('ada', 'schedule', { channel, text: 'in vain', dueAt: inOneHour(t), id: 'x1' })
    await t.clock.advance(3 * hour)
    expect(fault.times).toBe(10)
    expect((await t.as('ada', 'scheduled', {})).scheduled).toMatchObject([
      { id: 'x1', text: 'in vain', problem: 'Not now.' },
    ])
  })

  test('what was given up is among the dead letters, and goes out when an operator requeues it', async () => {
    const { fault, around } = refusing('chat.sent')
    const { module, services } = served(chatModule())
    const t = await startChat({ aroundStore: around, modules: [module], sql: memorySql() })
    const channel = await makeRoom(t, 'general', 'ada')
    await t.as('ada', 'schedule', { channel, text: 'at last', dueAt: inOneHour(t), id: 'x1' })
    await t.clock.advance(3 * hour)
    const run = <T>(work: (ctx: Context) => Promise<T>) => services().run('default', work)
    const { letters } = await run((ctx) => ctx.jobs.deadLetters({ limit: 10 }))
    expect(letters).toMatchObject([
      { job: 'chat.sendScheduled', input: { user: 'ada', id: 'x1' }, error: { code: 'unavailable' } },
    ])
    expect(JSON.stringify(letters)).not.toContain('at last')
    fault.on = false
    await run((ctx) => ctx.jobs.requeue(letters[0]?.id ?? ''))
    await t.clock.advance(10_000)
    expect(await textsOf(t, 'ada', channel)).toEqual(['at last'])
    expect(await t.as('ada', 'scheduled', {})).toEqual({ scheduled: [] })
  })
})
