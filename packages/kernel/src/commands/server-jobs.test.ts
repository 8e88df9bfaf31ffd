import { expect, test } from 'vitest'
import type { Context } from '../context.ts'
import type { ModuleServices } from '../module.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { type TestNode, type TestNodeOptions, testNode } from '../testing/test-node.ts'

async function startNode(options: TestNodeOptions = {}): Promise<TestNode & { services: ModuleServices }> {
  let services: ModuleServices | undefined
  const start = (given: ModuleServices) => {
    services = given
  }
  const t = await testNode({ apps: ['acme'], ...options, modules: [{ ...testModule(testKinds), start }] })
  return { ...t, services: services as ModuleServices }
}

/** Adds one to a counter, resting on what it has read. */
async function count(ctx: Context): Promise<number> {
  const row = await ctx.record('counters', 'a')
  const next = Number(row?.value ?? 0) + 1
  ctx.assert({ table: 'counters', key: 'a', version: row?.version ?? 0 })
  ctx.write({ table: 'counters', key: 'a', value: String(next) })
  ctx.append({ channel: 'durable:a', type: 'counted', data: next })
  return next
}

test('a job of the server is one unit of its app, by a back end that may do everything', async () => {
  const t = await startNode()
  expect(t.services.apps).toEqual(['default', 'acme'])
  const identities: unknown[] = []
  const job = async (ctx: Context) => {
    identities.push([ctx.app, ctx.user, ctx.identity.role])
    await ctx.require('manage', 'durable:a')
    return count(ctx)
  }
  const results = [t.services.run('acme', job), t.services.run('default', job)]
  await t.clock.settle()
  expect(await Promise.all(results)).toEqual([1, 1])
  expect(identities).toEqual([
    ['acme', undefined, 'backend'],
    ['default', undefined, 'backend'],
  ])
  expect(await t.services.record('acme', 'counters', 'a')).toMatchObject({ value: '1' })
  expect(await t.store.read('acme', 'durable:a', { after: 0, limit: 9 })).toMatchObject([{ data: '1' }])
  await expect(t.services.run('nobody', job)).rejects.toThrow('no app `nobody`')
})

test('jobs of one order each rest on what the one before has changed; a job that lost a race runs once more', async () => {
  const t = await startNode({ memoryStore: { commitMs: () => 5, readMs: () => 1 } })
  let runs = 0
  const job = (ctx: Context) => {
    runs += 1
    return count(ctx)
  }
  const inOrder = [1, 2, 3].map(() => t.services.run('default', job, { order: 'counter' }))
  await t.clock.advance(100)
  expect(await Promise.all(inOrder)).toEqual([1, 2, 3])
  expect(runs).toBe(3)
  const racing = [1, 2].map(() => t.services.run('default', job))
  await t.clock.advance(100)
  expect(await Promise.all(racing)).toEqual([4, 5])
  expect(runs).toBe(6)
})

test('what a job throws is what its caller gets, and nothing is changed', async () => {
  const t = await startNode()
  const failing = t.services.run('default', (ctx) => {
    ctx.append({ channel: 'durable:a', type: 'x', data: 1 })
    throw new Error('a slip')
  })
  await expect(failing).rejects.toMatchObject({ code: 'internal' })
  expect((await t.store.tops('default', ['durable:a']))[0]?.head).toBe(0)
})

test('a stop waits for the jobs that run, and takes no more', async () => {
  const t = await startNode({ memoryStore: { commitMs: () => 300 } })
  const running = t.services.run('default', count)
  await t.clock.advance(10)
  expect(t.node.status().calls).toBe(1)
  const stopping = t.node.stop()
  await expect(t.services.run('default', count)).rejects.toMatchObject({ code: 'unavailable' })
  await t.clock.advance(400)
  await stopping
  expect(await running).toBe(1)
})

test('append answers the index of the event in its unit', async () => {
  const t = await startNode()
  const indices = await t.services.run('default', (ctx) =>
    ['durable:a', 'live:a', 'durable:b'].map((channel) => ctx.append({ channel, type: 'x', data: 1 })),
  )
  expect(indices).toEqual([0, 1, 2])
})
