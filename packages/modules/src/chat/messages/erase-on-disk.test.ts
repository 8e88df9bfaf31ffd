import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '@parley/adapters/log-and-store/sqlite'
import { systemClock } from '@parley/adapters/system-clock'
import { createNode, type Node, type Store } from '@parley/kernel'
import { memoryMetrics, memoryRecentLog, silentLogger } from '@parley/kernel/memory'
import { testAuthenticator, testIdentity } from '@parley/kernel/testing'
import { expect, onTestFinished, test } from 'vitest'
import { chatModule } from '../index.ts'

const channel = 'conversation:general'

async function startOnDisk(): Promise<{
  readonly node: Node
  readonly store: Store
  readonly directory: string
}> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-chat-'))
  const clock = systemClock()
  const store = await openSqliteStore({ directory })
  const node = createNode({
    ...{ store, clock, transports: [], modules: [chatModule()] },
    recentLog: memoryRecentLog({ clock }),
    authenticator: testAuthenticator,
    logger: silentLogger,
    metrics: memoryMetrics(),
  })
  await node.start()
  onTestFinished(async () => {
    await node.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  return { node, store, directory }
}

/** Whether some words stand in any file of a directory. */
function isAnywhere(directory: string, words: string): boolean {
  return readdirSync(directory).some((file) => readFileSync(join(directory, file)).includes(words))
}

test('what was said, edited, mentioned and deleted is in no file of the data directory', async () => {
  const { node, store, directory } = await startOnDisk()
  const as = <T>(user: string, command: string, input: object, key?: string): Promise<T> =>
    node.call(testIdentity(user, { grants: [] }), `chat.${command}`, input, { key }) as Promise<T>
  await as('ada', 'create', { id: 'general', members: ['bob'] })
  const words = ['xyzzyfirst', 'xyzzysecond', 'xyzzythird']
  const [first, ...later] = words.map((word) => `${word} @bob`)
  const { seq } = await as<{ seq: number }>('ada', 'send', { channel, text: first }, 'key')
  for (const [n, text] of later.entries()) await as('ada', 'edit', { channel, seq, text }, `key ${n}`)
  for (const word of words) expect([word, isAnywhere(directory, word)]).toEqual([word, true])
  await as('ada', 'delete', { channel, seq })
  await store.purged()
  for (const word of words) expect([word, isAnywhere(directory, word)]).toEqual([word, false])
  const { messages } = await as<{ messages: object[] }>('bob', 'history', { channel })
  expect(messages).toMatchObject([{ seq, text: '', deleted: { by: 'ada' } }])
})
