// One process at a time does a piece of work that others would disturb (install, build). Plain JavaScript, Node 18.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const home = join(resolve(dirname(fileURLToPath(import.meta.url)), '..'), '.parley')

/** Runs the work while no other process of this checkout holds the same lock; a dead holder is no holder. */
export async function withLock(name, work, folder = home) {
  const lock = join(folder, `${name}.lock`)
  mkdirSync(folder, { recursive: true })
  let told = false
  while (!take(lock)) {
    if (isAbandoned(lock)) rmSync(lock, { recursive: true, force: true })
    else {
      if (!told) console.error(`Waiting for another process to finish: ${name}.`)
      told = true
      await wait(200)
    }
  }
  try {
    return await work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function take(lock) {
  try {
    mkdirSync(lock)
    writeFileSync(join(lock, 'pid'), String(process.pid))
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function isAbandoned(lock) {
  try {
    process.kill(Number(readFileSync(join(lock, 'pid'), 'utf8')), 0)
    return false
  } catch (error) {
    if (error.code === 'EPERM') return false
    return error.code === 'ESRCH' || isOld(lock)
  }
}

/** Between making the folder and writing the number there is a moment without a number. */
function isOld(lock) {
  try {
    return Date.now() - statSync(lock).mtimeMs > 5000
  } catch {
    return false
  }
}
