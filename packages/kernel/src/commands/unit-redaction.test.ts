import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import type { ModuleServices } from '../module.ts'
import { testKinds, testModule } from '../testing/test-module.ts'
import { type TestNode, type TestNodeOptions, testIdentity, testNode } from '../testing/test-node.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'

const backend = testIdentity(undefined)

/** A node, and the services that its module was given. */
async function startNode(options: TestNodeOptions = {}): Promise<TestNode & { services: ModuleServices }> {
  let services: ModuleServices | undefined
  const start = (given: ModuleServices) => {
    services = given
  }
  const t = await testNode({ ...options, modules: [{ ...testModule(testKinds), start }] })
  return { ...t, services: services as ModuleServices }
}

async function publish(t: TestNode, channel: string, ...texts: string[]): Promise<void> {
  for (const data of texts) await t.call(backend, 'test.publish', { channel, data })
}

test('words that a unit redacts are served to nobody once it is answered: not by ring, replay, log or history', async () => {
  const t = await startNode()
  const alice = await t.client('alice')
  await alice.subscribe('durable:a')
  await publish(t, 'durable:a', 'one', 'secret', 'three')
  const { epoch } = alice.positions.get('durable:a')!
  const early = await t.client('early')
  await early.subscribe('durable:a', { from: { epoch, offset: 0 } })
  expect(early.of('durable:a').map(({ data }) => data)).toEqual(['one', 'secret', 'three'])
  const done = t.services.run('default', (ctx) => {
    ctx.redact('durable:a', 2)
    ctx.append({ channel: 'durable:a', type: 'edited', data: { offset: 2 } })
  })
  await t.clock.settle()
  await done
  const late = await t.client('late')
  await late.subscribe('durable:a', { from: { epoch, offset: 0 } })
  expect(late.of('durable:a')).toMatchObject([
    { data: 'one' },
    { data: null, redacted: true, id: `${epoch}-2` },
    { data: 'three' },
    { type: 'edited' },
  ])
  const picked = await t.services.run('default', (ctx) => ctx.channels.pick('durable:a', [2, 9, 1]))
  expect(picked).toMatchObject([{ offset: 2, data: null, redacted: true }, undefined, { data: 'one' }])
  expect(alice.of('durable:a').at(-1)).toMatchObject({ type: 'edited', offset: 4 })
  await t.services.purged()
})

test('who has not got a batch yet when its words are redacted gets a tombstone', async () => {
  const t = await startNode({ limits: { fanoutSliceMs: 0 } })
  const clients = await Promise.all(Array.from({ length: 100 }, (_, index) => t.client(`user-${index}`)))
  for (const client of clients) await client.subscribe('durable:a')
  const [first] = clients
  const receive = first!.wire.onMessage
  first!.wire.onMessage = (text) => {
    receive(text)
    if (text.includes('secret')) void t.services.run('default', (ctx) => ctx.redact('durable:a', 1))
  }
  await publish(t, 'durable:a', 'secret', 'after')
  const seen = clients.map((client) => client.of('durable:a').map(({ data }) => data))
  expect(seen[0]).toEqual(['secret', 'after'])
  expect(seen.filter(([data]) => data === null).length).toBeGreaterThan(30)
  for (const data of seen) expect(data).toHaveLength(2)
  for (const client of clients) expect(client.faults).toEqual([])
})

test('an event that is redacted while its channel is being opened comes as a tombstone', async () => {
  const clock = new VirtualClock()
  let isSlow = false
  const t = await startNode({
    clock,
    aroundStore: (store) => ({
      ...store,
      tops: async (app, channels) => {
        const tops = await store.tops(app, channels)
        if (isSlow) await new Promise<void>((resolve) => void clock.after(50, resolve))
        return tops
      },
    }),
  })
  const alice = await t.client('alice')
  isSlow = true
  alice.post({ op: 'subscribe', channel: 'durable:a', recent: 5 })
  await clock.settle()
  await publish(t, 'durable:a', 'secret', 'after')
  void t.services.run('default', (ctx) => ctx.redact('durable:a', 1))
  await clock.advance(500)
  expect(alice.of('durable:a').map(({ data }) => data)).toEqual([null, 'after'])
})

test('a unit that is refused redacts nothing, in the log and in memory', async () => {
  const t = await startNode()
  const alice = await t.client('alice')
  await alice.subscribe('durable:a')
  await publish(t, 'durable:a', 'words')
  const refused = t.services.run('default', (ctx) => {
    ctx.assert({ table: 'members', key: 'nobody', version: 3 })
    ctx.redact('durable:a', 1)
  })
  refused.catch(() => undefined)
  await t.clock.settle()
  await expect(refused).rejects.toMatchObject({ code: 'conflict' })
  const late = await t.client('late')
  await late.subscribe('durable:a', { from: { ...alice.positions.get('durable:a')!, offset: 0 } })
  expect(late.of('durable:a').map(({ data }) => data)).toEqual(['words'])
})

test.each([true, false])(
  'after a commit of unknown outcome, the log says what is served (stored: %s)',
  async (isStored) => {
    let fails = false
    const t = await startNode({
      memoryStore: {
        onCommit(_units, phase) {
          if (!fails || (phase === 'before') === isStored) return
          fails = false
          throw new ParleyError('outcome_unknown', 'The disk was pulled out.')
        },
      },
    })
    const alice = await t.client('alice')
    await alice.subscribe('durable:a')
    await publish(t, 'durable:a', 'words')
    fails = true
    const unknown = t.services.run('default', (ctx) => ctx.redact('durable:a', 1))
    unknown.catch(() => undefined)
    await t.clock.advance(10)
    await expect(unknown).rejects.toMatchObject({ code: 'outcome_unknown' })
    const late = await t.client('late')
    await late.subscribe('durable:a', { from: { ...alice.positions.get('durable:a')!, offset: 0 } })
    expect(late.of('durable:a').map(({ data }) => data)).toEqual([isStored ? null : 'words'])
  },
)

test('only durable events are redacted by a unit, and access changes never', async () => {
  const t = await startNode()
  await expect(t.services.run('default', (ctx) => ctx.redact('recent:a', 1))).rejects.toMatchObject({
    code: 'internal',
  })
  await expect(t.services.run('default', (ctx) => ctx.redact('control:app', 1))).rejects.toMatchObject({
    code: 'forbidden',
  })
})
