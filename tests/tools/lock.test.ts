import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const tool = join(resolve(import.meta.dirname, '../..'), 'tools/lock.mjs')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A process that writes "in" and "out" while it holds the lock. */
async function work(name: string) {
  const note = (word: string) => `appendFileSync('notes', ${JSON.stringify(`${name} ${word}\n`)})`
  const code = `
    import { appendFileSync } from 'node:fs'
    import { setTimeout as wait } from 'node:timers/promises'
    import { withLock } from ${JSON.stringify(tool)}
    await withLock('test', async () => { ${note('in')}; await wait(150); ${note('out')} }, '.')`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { cwd: folder })
  const [exitCode] = await once(child, 'exit')
  expect(exitCode).toBe(0)
}

const notes = () => readFileSync(join(folder, 'notes'), 'utf8')

test('processes work one after another', async () => {
  await Promise.all(['a', 'b', 'c', 'd'].map(work))
  expect(notes()).toMatch(/^((\w) in\n\2 out\n){4}$/)
})

test('a lock whose holder died is taken over', async () => {
  const dead = spawn(process.execPath, ['--eval', ''])
  await once(dead, 'exit')
  mkdirSync(join(folder, 'test.lock'))
  writeFileSync(join(folder, 'test.lock/pid'), String(dead.pid))
  await work('a')
  expect(notes()).toBe('a in\na out\n')
})
