import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const tool = join(resolve(import.meta.dirname, '../..'), 'tools/process.mjs')

/** Starts a process that supervises the given program. */
function supervise(program: string) {
  const code = `
    import { superviseProcess } from ${JSON.stringify(tool)}
    process.exit(await superviseProcess(process.execPath, ['--eval', ${JSON.stringify(program)}]))`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code])
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const ended = once(child, 'exit').then(([exitCode]) => ({ exitCode, output }))
  return { child, ended, ready: () => once(child.stdout, 'data') }
}

test('the exit code of the program is passed on', async () => {
  expect(await supervise('process.exitCode = 7').ended).toMatchObject({ exitCode: 7 })
})

test('an end by a signal is passed on as 128 + its number', async () => {
  expect(await supervise("process.kill(process.pid, 'SIGKILL')").ended).toMatchObject({ exitCode: 137 })
})

test('the program gets a signal once, even when npm repeats it, and may take its time', async () => {
  const { child, ended, ready } = supervise(`
    const stay = setInterval(() => {}, 1000)
    process.on('SIGINT', () => { console.log('stop'); setTimeout(() => clearInterval(stay), 300) })
    console.log('up')`)
  await ready()
  child.kill('SIGINT')
  child.kill('SIGINT')
  await new Promise((done) => setTimeout(done, 100))
  child.kill('SIGINT')
  expect(await ended).toEqual({ exitCode: 0, output: 'up\nstop\n' })
})

test('a program that does not exist ends with 127', async () => {
  const code = `
    import { superviseProcess } from ${JSON.stringify(tool)}
    process.exit(await superviseProcess('parley-no-such-program', []))`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code])
  expect((await once(child, 'exit'))[0]).toBe(127)
})
