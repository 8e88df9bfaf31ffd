import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from './config.ts'

/** A secret that signs what is given away, made on first use and kept in the data directory, so that it outlives a restart. */
export function keptSecret({ storageProvider, dataDir }: Config, fileName: string): string {
  const made = randomBytes(32).toString('base64url')
  if (storageProvider === 'memory') return made
  const path = join(dataDir, fileName)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(path, made, { flag: 'wx', mode: 0o600 })
    return made
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const kept = readFileSync(path, 'utf8').trim()
  if (kept.length >= 32) return kept
  throw new Error(`${path} does not hold a secret of 32 characters. Remove it, and a new one is made.`)
}
