import { Buffer } from 'node:buffer'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore, type SqliteStore } from '@parley/adapters/log-and-store/sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { type ChatNode, makeRoom, startChat } from './testing/chat-node.ts'

const hour = 60 * 60 * 1000

interface Installation {
  readonly t: ChatNode
  readonly store: SqliteStore
  readonly directory: string
}

/** A node whose files can be looked at. */
async function install(): Promise<Installation> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-chat-'))
  const store = await openSqliteStore({ directory })
  const t = await startChat({ store })
  onTestFinished(async () => {
    await t.node.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  return { t, store, directory }
}

/** Those among some words that stand in a file, plain or in UTF-16. */
function wordsIn(directory: string, words: readonly string[]): string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  const forms = (word: string): Buffer[] => {
    const wide = Buffer.from(word, 'utf16le')
    return [Buffer.from(word, 'utf8'), wide, Buffer.from(wide).swap16()]
  }
  return words.filter((word) => forms(word).some((form) => files.some((file) => file.includes(form))))
}

test('words that were erased are in no file, and are not found', async () => {
  const { t, store, directory } = await install()
  const channel = await makeRoom(t, 'general', 'ada', 'ben')
  const words = {
    message: ['xylophone', 'Überraschung', '秘密の言葉'],
    draft: ['quagmire', 'zeppelin'],
    scheduled: ['obsidian', 'marmalade', 'trombone'],
  }
  const all = Object.values(words).flat()
  const kept = 'the words that stay'

  // Each with a key, so that its answer is kept for a repeat.
  const [first, second, third] = words.message as [string, string, string]
  const { seq } = await t.as('ada', 'send', { channel, text: `the ${first}` }, 'key-1')
  await t.as('ada', 'edit', { channel, seq, text: `the ${second}` }, 'key-2')
  await t.as('ada', 'edit', { channel, seq, text: `the ${third}` }, 'key-3')
  await t.as('ben', 'react', { channel, seq, emoji: '👍' })
  await t.as('ada', 'send', { channel, text: kept })
  for (const [index, text] of words.draft.entries())
    await t.as('ada', 'saveDraft', { channel, text }, `draft-${index}`)
  const [planned, changed, cancelled] = words.scheduled as [string, string, string]
  const dueAt = t.clock.now() + hour
  await t.as('ada', 'schedule', { channel, text: planned, dueAt, id: 'x1' }, 'key-4')
  await t.as('ada', 'reschedule', { id: 'x1', text: changed }, 'key-5')
  await t.as('ada', 'schedule', { channel, text: cancelled, dueAt, id: 'x2' }, 'key-6')
  expect(wordsIn(directory, [third, words.draft[1] as string, changed, cancelled, kept])).toHaveLength(5)

  await t.as('ada', 'delete', { channel, seq })
  await t.as('ada', 'saveDraft', { channel, text: '' })
  await t.as('ada', 'cancelScheduled', { id: 'x2' })
  await t.clock.advance(hour)
  const sent = await newest(t, channel, changed)
  await t.as('ada', 'delete', { channel, seq: sent })
  await store.purged()

  expect(wordsIn(directory, all)).toEqual([])
  expect(wordsIn(directory, [kept])).toEqual([kept])
  for (const text of all) expect((await t.as('ada', 'search', { text })).messages, text).toEqual([])
  const rows = await store.query({ sql: 'SELECT DISTINCT seq FROM chat_words', parameters: [] })
  expect(rows.map((row) => row.seq)).toEqual([seq + 4])
})

/** The seq of the newest message, when it says what is expected: real files take their time. */
async function newest(t: ChatNode, channel: string, text: string): Promise<number> {
  for (;;) {
    const { messages } = await t.as('ada', 'history', { channel })
    const last = messages.at(-1)
    if (last?.text === text) return last.seq
    await t.clock.advance(1)
  }
}
