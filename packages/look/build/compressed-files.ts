import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** Below, the headers weigh as much as what is saved. */
const minBytes = 1_024

/** Puts a compressed copy beside every text that was built: the server sends it to who can read it. */
export function compressedFiles(): Plugin {
  return {
    name: 'parley:compressed-files',
    apply: 'build',
    writeBundle({ dir }) {
      if (dir === undefined) return
      for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|html|svg|json)$/.test(name)) continue
        const bytes = readFileSync(join(dir, name))
        if (bytes.length >= minBytes) writeFileSync(join(dir, `${name}.gz`), gzipSync(bytes, { level: 9 }))
      }
    },
  }
}
