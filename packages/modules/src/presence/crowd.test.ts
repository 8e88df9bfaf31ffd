import type { MemoryStore } from '@parley/kernel/memory'
import { type TestClient, testIdentity } from '@parley/kernel/testing'
import { expect, test } from 'vitest'
import { presenceNode, seen } from './testing/presence-node.ts'

const size = 2_000

test('two thousand who come and go: contacts see each of them, and the store sees few commits', async () => {
  let commits = 0
  const t = await presenceNode({
    aroundStore: (store: MemoryStore) => ({
      ...store,
      commit: (unit) => {
        if (unit.writes.length > 0) commits += 1
        return store.commit(unit)
      },
    }),
  })
  const names = Array.from({ length: size }, (_, n) => `u${n}`)
  for (let from = 0; from < 1_000; from += 100)
    await t.call(testIdentity('ada'), 'presence.addContacts', { contacts: names.slice(from, from + 100) })
  const ada = await t.client('ada')
  await ada.subscribe('contacts:ada', { state: true })
  commits = 0
  const clients: TestClient[] = []
  for (const [n, name] of names.entries()) {
    clients.push(await t.client(name))
    if (n % 100 === 99) await t.clock.advance(500)
  }
  const here = () => names.filter((name) => seen(ada, 'contacts:ada', name) !== undefined)
  expect(here()).toHaveLength(1_000)
  await t.clock.advance(2_000)
  expect(commits).toBeLessThan(60)
  for (const [n, client] of clients.entries()) {
    if (n % 2 === 0) client.wire.close(1000)
    else if (n % 3 === 0) client.wire.drop()
    if (n % 100 === 99) await t.clock.advance(500)
  }
  await t.clock.advance(8_000)
  const isLeft = (n: number) => n % 2 === 1 && n % 3 !== 0
  expect(here()).toEqual(names.filter((_, n) => n < 1_000 && isLeft(n)))
  expect(commits).toBeLessThan(120)
  expect(ada.states.get('contacts:ada')?.gaps).toBe(0)
  expect(ada.faults).toEqual([])
}, 60_000)
