// A hash over files, to see whether anything changed. Plain JavaScript, Node 18.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { listFiles } from './tree.mjs'

/** The same for the same names and contents; folders count with all they hold, what is absent counts as absent. */
export function fingerprint(root, paths) {
  const hash = createHash('sha256')
  for (const path of paths) {
    const full = join(root, path)
    if (!existsSync(full)) continue
    for (const file of statSync(full).isDirectory() ? listFiles(root, [path]) : [path]) {
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(root, file)))
        .update('\0')
    }
  }
  return hash.digest('hex')
}
