import { implement, type Job, job } from '@parley/kernel'
import { type TestNode, type TestNodeOptions, testIdentity, testNode } from '@parley/kernel/testing'
import { command, defineContract, ParleyError } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { deliveryModule } from './index.ts'

const operator = testIdentity(undefined)
const acme = testIdentity(undefined, { app: 'acme' })
const minute = 60_000

interface Post {
  /** What the post office throws; nothing when it works. */
  fault: unknown
  readonly sent: { readonly app: string; readonly to: string; readonly attempt: number }[]
  /** Called while a letter is being sent. */
  during: (() => unknown) | undefined
}

/** A module that sends letters by a job, and counts what has arrived in a record. */
function postOffice(post: Post, jobs?: Readonly<Record<string, Job>>) {
  const input = z.strictObject({ to: z.string(), inMs: z.int().optional() })
  const output = z.strictObject({})
  const contract = defineContract({
    name: 'post',
    summary: 'Letters.',
    commands: {
      write: command({
        summary: 'Write.',
        input,
        output,
        permission: 'anyone',
        rest: 'POST /letters',
      }),
    },
    events: {},
  })
  const send = job<{ to: string }>({
    summary: 'Sends a letter.',
    input: z.strictObject({ to: z.string().min(1) }),
    run: async (ctx, { to }, { attempt }) => {
      post.sent.push({ app: ctx.app, to, attempt })
      await post.during?.()
      if (post.fault !== undefined) throw post.fault
      ctx.write({ table: 'arrived', key: to, value: '1' })
    },
  })
  return implement(contract, {
    handlers: {
      write: (ctx, { to, inMs }) => {
        const at = inMs === undefined ? undefined : ctx.clock.now() + inMs
        ctx.jobs.request({ job: 'post.send', input: { to }, at })
        return {}
      },
    },
    jobs: jobs ?? { send },
  })
}

async function start(options: TestNodeOptions & { jobs?: Readonly<Record<string, Job>> } = {}) {
  const post: Post = { fault: undefined, sent: [], during: undefined }
  const { jobs, ...rest } = options
  const modules = [deliveryModule(), postOffice(post, jobs)]
  const t = await testNode({ modules, apps: ['acme'], ...rest })
  return { t, post }
}

async function letters(t: TestNode, identity = operator, query: object = {}) {
  const page = await t.call(identity, 'delivery.deadLetters', { ...query })
  return (page as { letters: { id: string; job: string; input: unknown; error: { code: string } }[] }).letters
}

const arrived = (t: TestNode, app: string) => t.store.records(app, 'arrived', { limit: 1_000 })

describe('jobs', () => {
  test('are done once after the unit that asked for them, each time anew until they work', async () => {
    const { t, post } = await start()
    post.fault = new Error('the van broke down')
    await t.call(operator, 'post.write', { to: 'ada' })
    await t.clock.advance(100)
    expect(post.sent).toHaveLength(1)
    post.fault = undefined
    await t.clock.advance(minute)
    expect(post.sent.map(({ attempt }) => attempt)).toEqual([1, 2])
    expect(await arrived(t, 'default')).toHaveLength(1)
    expect(await t.store.records('default', 'jobs.waiting', { limit: 9 })).toEqual([])
    expect(await letters(t)).toEqual([])
    expect(t.metrics.value('parley_jobs_total', { job: 'post.send', result: 'done' })).toBe(1)
  })

  test('wait for their time, also over a restart', async () => {
    const { t, post } = await start()
    await t.call(operator, 'post.write', { to: 'ada', inMs: 10 * minute })
    await t.clock.advance(9 * minute)
    expect(post.sent).toEqual([])
    await t.node.stop()
    const next = await start({ disk: t.store.disk, clock: t.clock })
    await t.clock.advance(2 * minute)
    expect(next.post.sent).toEqual([{ app: 'default', to: 'ada', attempt: 1 }])
  })

  test('a crash in the middle of one, before it took effect, has it done again; its attempts count', async () => {
    const { t, post } = await start()
    post.during = () => {
      t.store.crash()
      return new Promise(() => undefined)
    }
    await t.call(operator, 'post.write', { to: 'ada' })
    await t.clock.advance(10)
    expect(post.sent).toHaveLength(1)
    const next = await start({ disk: t.store.disk, clock: t.clock })
    await t.clock.advance(minute)
    expect(next.post.sent).toEqual([{ app: 'default', to: 'ada', attempt: 2 }])
    expect(await arrived(next.t, 'default')).toHaveLength(1)
  })

  test('one that takes the process with it every time ends among the dead letters', async () => {
    const first = await start()
    let { t } = first
    await t.call(operator, 'post.write', { to: 'ada' })
    let sent = first.post.sent.length
    for (let life = 0; life < 8; life++) {
      t.store.crash()
      const next = await start({ disk: t.store.disk, clock: t.clock })
      next.post.during = () => {
        next.t.store.crash()
        return new Promise(() => undefined)
      }
      await t.clock.advance(minute)
      sent += next.post.sent.length
      t = next.t
    }
    expect(sent).toBe(6)
    const last = await start({ disk: t.store.disk, clock: t.clock })
    await t.clock.advance(minute)
    expect(await letters(last.t)).toMatchObject([{ attempts: 7, error: { code: 'interrupted' } }])
  })

  test('one that never ends has failed when its time is up', async () => {
    const { t, post } = await start()
    post.during = () => new Promise(() => undefined)
    await t.call(operator, 'post.write', { to: 'ada' })
    await t.clock.advance(6 * minute)
    expect(await letters(t)).toMatchObject([{ error: { code: 'timeout' }, attempts: 6 }])
  })

  test('a store that refuses for a while loses none', async () => {
    let isDown = false
    const { t, post } = await start({
      aroundStore: (store) =>
        new Proxy(store, {
          get: (target, name) => {
            if (name === 'commit' && isDown) return () => Promise.reject(new ParleyError('unavailable'))
            const value = Reflect.get(target, name) as unknown
            return typeof value === 'function' ? value.bind(target) : value
          },
        }),
    })
    post.during = () => {
      isDown = true
    }
    await t.call(operator, 'post.write', { to: 'ada' })
    await t.clock.advance(minute)
    post.during = undefined
    isDown = false
    await t.clock.advance(2 * minute)
    expect(await arrived(t, 'default')).toHaveLength(1)
    expect(await letters(t)).toEqual([])
  })

  test('are refused when too many wait', async () => {
    const { t } = await start({ limits: { maxWaitingJobs: 2 } })
    for (const to of ['a', 'b']) await t.call(operator, 'post.write', { to, inMs: minute })
    const more = t.call(operator, 'post.write', { to: 'c', inMs: minute })
    await expect(more).rejects.toMatchObject({ code: 'overloaded' })
    await t.call(acme, 'post.write', { to: 'c', inMs: minute })
  })
})

describe('dead letters', () => {
  test('what fails for good is kept at once, what fails for a while after five retries; both say why', async () => {
    const { t, post } = await start()
    post.fault = new ParleyError('not_found', 'Nobody of that name.')
    await t.call(operator, 'post.write', { to: 'nobody' })
    await t.clock.advance(1_000)
    expect(post.sent).toHaveLength(1)
    post.fault = new Error('the van broke down')
    await t.call(operator, 'post.write', { to: 'ada' })
    await t.clock.advance(5 * minute)
    expect(post.sent).toHaveLength(7)
    expect(await letters(t)).toMatchObject([
      { job: 'post.send', input: { to: 'ada' }, attempts: 6, error: { message: 'the van broke down' } },
      { job: 'post.send', input: { to: 'nobody' }, attempts: 1, error: { code: 'not_found' } },
    ])
  })

  test('are requeued, with all attempts, and discarded; once each', async () => {
    const { t, post } = await start()
    post.fault = new ParleyError('not_found')
    for (const to of ['ada', 'bob']) {
      await t.call(operator, 'post.write', { to })
      await t.clock.advance(10)
    }
    const [bob, ada] = (await letters(t)).map(({ id }) => id)
    post.fault = undefined
    expect(await t.call(operator, 'delivery.requeue', { id: ada })).toEqual({ id: ada, job: 'post.send' })
    await t.clock.advance(100)
    expect(await arrived(t, 'default')).toMatchObject([{ key: 'ada' }])
    await t.call(operator, 'delivery.discard', { id: bob })
    expect(await letters(t)).toEqual([])
    for (const verb of ['requeue', 'discard', 'deadLetter'])
      await expect(t.call(operator, `delivery.${verb}`, { id: ada })).rejects.toMatchObject({
        code: 'not_found',
      })
  })

  test('are listed page by page, by job, and requeued together', async () => {
    const { t, post } = await start()
    post.fault = new ParleyError('not_found')
    for (let number = 0; number < 5; number++) {
      await t.call(operator, 'post.write', { to: `reader-${number}` })
      await t.clock.advance(10)
    }
    const first = (await t.call(operator, 'delivery.deadLetters', { limit: 3 })) as { next: string }
    expect(first).toMatchObject({ letters: [{ input: { to: 'reader-4' } }, {}, {}] })
    expect(await letters(t, operator, { limit: 3, after: first.next })).toHaveLength(2)
    expect(await letters(t, operator, { job: 'post.other' })).toEqual([])
    post.fault = undefined
    expect(await t.call(operator, 'delivery.requeueAll', { job: 'post.send', limit: 3 })).toEqual({
      requeued: 3,
      more: true,
    })
    await t.clock.advance(5_000)
    expect(await arrived(t, 'default')).toHaveLength(3)
    expect(await letters(t)).toHaveLength(2)
  })

  test('belong to their app, and to who may manage it', async () => {
    const { t, post } = await start()
    post.fault = new ParleyError('not_found')
    await t.call(acme, 'post.write', { to: 'ada' })
    await t.clock.advance(10)
    const [letter] = await letters(t, acme)
    expect(letter).toMatchObject({ input: { to: 'ada' } })
    expect(await letters(t)).toEqual([])
    const id = letter?.id
    await expect(t.call(operator, 'delivery.requeue', { id })).rejects.toMatchObject({ code: 'not_found' })
    const user = testIdentity('ada', { app: 'acme', grants: [] })
    for (const [verb, input] of [
      ['deadLetters', {}],
      ['deadLetter', { id }],
      ['requeue', { id }],
      ['discard', { id }],
      ['requeueAll', {}],
    ] as const)
      await expect(t.call(user, `delivery.${verb}`, input)).rejects.toMatchObject({ code: 'forbidden' })
  })

  test('outlive a crash, and so does their requeueing', async () => {
    const { t, post } = await start()
    post.fault = new ParleyError('not_found')
    await t.call(operator, 'post.write', { to: 'ada' })
    await t.clock.advance(10)
    t.store.crash()
    const next = await start({ disk: t.store.disk, clock: t.clock })
    const [letter] = await letters(next.t)
    next.post.fault = new Error('no')
    await next.t.call(operator, 'delivery.requeue', { id: letter?.id })
    next.t.store.crash()
    const last = await start({ disk: t.store.disk, clock: t.clock })
    expect(await letters(last.t)).toEqual([])
    await t.clock.advance(minute)
    expect(await arrived(last.t, 'default')).toMatchObject([{ key: 'ada' }])
  })

  test('the oldest are dropped above the bound, and counted', async () => {
    const { t, post } = await start({ limits: { maxDeadLetters: 10 } })
    post.fault = new ParleyError('not_found')
    for (let number = 0; number < 30; number++) {
      await t.call(operator, 'post.write', { to: `reader-${number}` })
      await t.clock.advance(10)
    }
    const kept = await letters(t)
    expect(kept.length).toBeLessThanOrEqual(11)
    expect(kept[0]).toMatchObject({ input: { to: 'reader-29' } })
    const { drops } = (await t.call(operator, 'delivery.drops', {})) as { drops: { count: number }[] }
    expect(drops).toEqual([{ what: 'dead_letter', reason: 'limit', count: 30 - kept.length }])
  })

  test('a job that no module declares any more is kept, and not requeued', async () => {
    const { t } = await start()
    await t.call(operator, 'post.write', { to: 'ada', inMs: 1_000 })
    await t.node.stop()
    const next = await start({ disk: t.store.disk, clock: t.clock, jobs: {} })
    await t.clock.advance(minute)
    const [letter] = await letters(next.t)
    expect(letter).toMatchObject({ job: 'post.send', summary: '', error: { code: 'unknown_job' } })
    const requeued = next.t.call(operator, 'delivery.requeue', { id: letter?.id })
    await expect(requeued).rejects.toMatchObject({ code: 'conflict' })
  })
})

test('what was dropped is seen by the operators of the server alone', async () => {
  const { t } = await start()
  expect(await t.call(operator, 'delivery.drops', {})).toMatchObject({ drops: [] })
  await expect(t.call(acme, 'delivery.drops', {})).rejects.toMatchObject({ code: 'forbidden' })
})
