import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Keys that a development server makes for itself. */
export interface DevelopmentKeys {
  /** An HS256 secret that signs the tokens of sign-in by name. */
  readonly signingKey: string
  readonly apiKey: { readonly id: string; readonly secret: string }
  /** Where they are kept; absent when they last as long as the process. */
  readonly path?: string
  readonly isNew: boolean
}

const fileName = 'development-keys.json'

/**
 * The keys kept in a data directory, made on first use; only the owner may read the file. Without a directory they are
 * made anew each time.
 *
 * @throws Error that names the file when it cannot be used
 */
export function developmentKeys(dataDir: string | undefined): DevelopmentKeys {
  if (dataDir === undefined) return { ...makeKeys(), isNew: true }
  const path = join(dataDir, fileName)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const made = makeKeys()
  try {
    writeFileSync(path, `${JSON.stringify(made, undefined, 2)}\n`, { flag: 'wx', mode: 0o600 })
    return { ...made, path, isNew: true }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  chmodSync(path, 0o600)
  return { ...readKeys(path), path, isNew: false }
}

function makeKeys() {
  return {
    signingKey: randomBytes(32).toString('base64url'),
    apiKey: { id: 'dev', secret: randomBytes(24).toString('base64url') },
  }
}

function readKeys(path: string): Pick<DevelopmentKeys, 'signingKey' | 'apiKey'> {
  try {
    const { signingKey, apiKey } = JSON.parse(readFileSync(path, 'utf8'))
    if ([signingKey, apiKey.id, apiKey.secret].every((part) => typeof part === 'string' && part !== ''))
      return { signingKey, apiKey: { id: apiKey.id, secret: apiKey.secret } }
  } catch {
    // The message below says what to do about either.
  }
  throw new Error(`${path} does not hold the keys of a development server. Remove it, and new ones are made.`)
}
