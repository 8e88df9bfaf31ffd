import { Flags, implement } from '@parley/kernel'
import { testIdentity, testNode } from '@parley/kernel/testing'
import { command, defineContract } from '@parley/protocol'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { flagsModule } from './index.ts'

const input = z.strictObject({})
const shout = command({
  summary: 'Shout.',
  input,
  output: input,
  permission: 'anyone',
  rest: 'POST /shout',
  flag: 'eventBroadcasting',
})
const voice = implement(
  defineContract({ name: 'voice', summary: 'Voices.', commands: { shout }, events: {} }),
  {
    handlers: { shout: () => ({}) },
  },
)

const backend = testIdentity(undefined)

function start(disk?: Awaited<ReturnType<typeof testNode>>['store']['disk']) {
  const flags = new Flags()
  const modules = [flagsModule(flags), voice]
  return testNode({ modules, flags, apps: ['other'], ...(disk === undefined ? {} : { disk }) })
}

test('a flag that is switched off acts at once and stays off over a restart', async () => {
  const t = await start()
  const shouting = (from = t) => from.call(backend, 'voice.shout', {})
  await shouting()
  await t.call(backend, 'flags.set', { name: 'eventBroadcasting', on: false })
  await expect(shouting()).rejects.toMatchObject({ code: 'disabled' })
  await t.node.stop()
  const next = await start(t.store.disk)
  await expect(shouting(next)).rejects.toMatchObject({ code: 'disabled' })
  const { flags } = (await next.call(backend, 'flags.list', {})) as { flags: { name: string; on: boolean }[] }
  expect(flags).toHaveLength(16)
  expect(flags).toContainEqual({ name: 'eventBroadcasting', on: false, meaning: 'Publishing to channels.' })
  await next.call(backend, 'flags.set', { name: 'eventBroadcasting', on: true })
  await shouting(next)
})

test('flags are set by the app `default` with manage, and only those that exist', async () => {
  const t = await start()
  const set = (identity = backend, name = 'caching') => t.call(identity, 'flags.set', { name, on: true })
  await expect(set({ ...backend, app: 'other' })).rejects.toMatchObject({ code: 'forbidden' })
  await expect(set(testIdentity('ada', { grants: [] }))).rejects.toMatchObject({ code: 'forbidden' })
  await expect(set(backend, 'toString')).rejects.toMatchObject({ code: 'not_found' })
})
