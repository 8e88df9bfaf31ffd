// Builds what is made from sources, when those changed since the last time.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint } from './fingerprint.mjs'
import { withLock } from './lock.mjs'
import { superviseProcess } from './process.mjs'
import { root } from './runtime.mjs'

/**
 * Afterwards the folder is what the sources say. Resolves to false when they cannot be built.
 *
 * @param {{ folder: string, sources: readonly string[], says: string, command: readonly string[] }} wanted `command`:
 *   arguments of Node
 */
export async function ensureBuilt({ folder, sources, says, command }) {
  const stamp = join(root, folder, '.stamp')
  if (read(stamp) === fingerprint(root, sources)) return true
  return withLock('build', async () => {
    const wanted = fingerprint(root, sources)
    if (read(stamp) === wanted) return true
    console.error(says)
    rmSync(stamp, { force: true })
    const code = await superviseProcess(process.execPath, [...command], { cwd: root })
    if (code === 0) writeFileSync(stamp, wanted)
    return code === 0
  })
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
