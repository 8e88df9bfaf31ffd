import { defineContract } from '@parley/protocol'
import { expect, test } from 'vitest'
import { silentLogger } from '../memory/logger.ts'
import { implement, type Module } from '../module.ts'
import type { Logger } from '../ports/logger.ts'
import { testModule } from '../testing/test-module.ts'
import { type TestNodeOptions, testIdentity, testNode, testToken } from '../testing/test-node.ts'
import type { SessionFacts, SessionListener } from './session-listener.ts'

const backend = testIdentity(undefined)

/** A module that notes what it is told of sessions, as `who what`. */
function noting(told: string[], seen: SessionFacts[] = []): Module {
  const note = (what: string) => (session: SessionFacts, reason?: string) => {
    seen.push(session)
    told.push([session.user ?? 'back end', what, reason].filter(Boolean).join(' '))
  }
  const sessions = {
    connected: note('connected'),
    disconnected: note('disconnected'),
    resumed: note('resumed'),
    ended: note('ended'),
  }
  return { ...testModule(), sessions }
}

async function listening(options: TestNodeOptions = {}) {
  const told: string[] = []
  const seen: SessionFacts[] = []
  const t = await testNode({ ...options, modules: [noting(told, seen)] })
  return { t, told, seen, since: () => told.splice(0) }
}

test('a module is told of a session once per fact, in order', async () => {
  const { t, seen, since } = await listening()
  const alice = await t.client('alice')
  expect(since()).toEqual(['alice connected'])
  alice.wire.drop()
  await t.clock.advance(10_000)
  expect(since()).toEqual(['alice disconnected'])
  const again = t.stranger()
  await again.connect(testToken('alice'), alice.session)
  expect(since()).toEqual(['alice resumed'])
  const third = t.stranger()
  await third.connect(testToken('alice'), alice.session)
  expect(since()).toEqual(['alice disconnected', 'alice resumed'])
  third.wire.drop()
  await t.clock.advance(60_000)
  expect(since()).toEqual(['alice disconnected', 'alice ended expired'])
  expect(new Set(seen).size).toBe(1)
  expect(seen[0]).toMatchObject({ app: 'default', session: alice.session?.session, transport: 'memory' })
})

test('the end says why: left, disconnected, sent elsewhere, revoked', async () => {
  const { t, since } = await listening()
  const [left, out, elsewhere, revoked] = [
    await t.client('left'),
    await t.client('out'),
    await t.client('elsewhere'),
    await t.client('revoked'),
  ]
  since()
  left.wire.close(1000)
  await t.clock.settle()
  expect(since()).toEqual(['left disconnected', 'left ended left'])
  const disconnect = { type: 'disconnect', reason: '' }
  await t.call(backend, 'test.change', { change: { ...disconnect, user: 'out', reconnect: false } })
  expect(since()).toEqual(['out disconnected', 'out ended disconnected'])
  await t.call(backend, 'test.change', { change: { ...disconnect, user: 'elsewhere', reconnect: true } })
  expect(since()).toEqual(['elsewhere disconnected', 'elsewhere ended reconnect'])
  await t.call(backend, 'test.change', { change: { type: 'revoke', user: 'revoked' } })
  expect(since()).toEqual(['revoked disconnected', 'revoked ended revoked'])
  expect([out, elsewhere, revoked].every(({ closeCode }) => closeCode !== undefined)).toBe(true)
  await t.clock.advance(120_000)
  expect(since()).toEqual([])
})

test('a node that stops tells of connections that are gone, and of no end', async () => {
  const { t, since } = await listening()
  await t.client('alice')
  since()
  await t.node.stop()
  expect(since()).toEqual(['alice disconnected'])
})

test('what a listener throws is logged, and harms neither the session nor the other modules', async () => {
  const errors: unknown[] = []
  const note = (_message: string, fields?: object) => void errors.push(fields)
  const logger: Logger = { ...silentLogger, error: note }
  const fail = () => {
    throw new Error('broken listener')
  }
  const broken: SessionListener = { connected: fail, disconnected: fail, resumed: fail, ended: fail }
  const told: string[] = []
  const nothing = defineContract({ name: 'broken', summary: 'Nothing.', commands: {}, events: {} })
  const t = await testNode({
    logger,
    modules: [implement(nothing, { handlers: {}, sessions: broken }), noting(told)],
  })
  const alice = await t.client('alice')
  expect((await alice.publish('durable:a', 1)).ok).toBeDefined()
  alice.wire.close(1000)
  await t.clock.settle()
  expect(told).toEqual(['alice connected', 'alice disconnected', 'alice ended left'])
  expect(errors).toHaveLength(3)
  expect(JSON.stringify(errors)).toContain('broken listener')
})

test('the device is what the client says, as an id or in full, and shows among the sessions of the user', async () => {
  const { t, seen } = await listening()
  const connect = async (client: object) => {
    const stranger = t.stranger()
    return stranger.ask({ op: 'connect', token: testToken('alice'), client })
  }
  await connect({ device: 'd1' })
  await connect({ device: { id: 'd2', name: 'Phone', kind: 'phone', secret: 'x'.repeat(500) } })
  await connect({ device: '' })
  expect(seen.map(({ device }) => device)).toEqual([
    { id: 'd1' },
    { id: 'd2', name: 'Phone', kind: 'phone' },
    undefined,
  ])
  const { error } = await connect({ device: { name: 'no id' } }).catch((problem: Error) => ({
    error: problem,
  }))
  expect(error).toBeDefined()
})

test('activity is what a client does; signs of life do not count', async () => {
  const { t, seen } = await listening()
  const alice = await t.client('alice')
  await t.clock.advance(60_000)
  await alice.publish('durable:a', 1)
  await t.clock.advance(30_000)
  const active = seen[0]!.activeAt
  expect(active).toBeGreaterThanOrEqual(60_000)
  await t.clock.advance(600_000)
  expect(alice.closeCode).toBeUndefined()
  expect(seen[0]?.activeAt).toBe(active)
})
