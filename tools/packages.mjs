// Installs what package-lock.json names, and does nothing when that is already there. Plain JavaScript, Node 18.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint } from './fingerprint.mjs'
import { withLock } from './lock.mjs'
import { root, runNpm } from './runtime.mjs'

const stamp = join(root, 'node_modules', '.parley-stamp')

/** Afterwards node_modules holds what the lockfile says. */
export async function ensurePackages() {
  if (isInstalled()) return
  await withLock('install', () => {
    if (isInstalled()) return
    if (!holdsLockfile()) install()
    writeFileSync(stamp, wanted())
  })
}

function install() {
  console.error('Installing packages (npm ci).')
  const { status } = runNpm(['ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'])
  if (status !== 0) {
    console.error('The packages could not be installed; npm says why above.')
    process.exit(status ?? 1)
  }
}

const wanted = () => `${fingerprint(root, ['package-lock.json'])} ${process.platform} ${process.arch}\n`

function isInstalled() {
  try {
    return readFileSync(stamp, 'utf8') === wanted()
  } catch {
    return false
  }
}

/** True when npm's own record of node_modules names every package of the lockfile: somebody ran npm by hand. */
function holdsLockfile() {
  try {
    const lock = readPackages('package-lock.json')
    const record = readPackages('node_modules/.package-lock.json')
    const isThere = ([path, { version, optional }]) =>
      path === '' ||
      !path.includes('node_modules/') ||
      (record[path] ? record[path].version === version : optional)
    return Object.entries(lock).every(isThere)
  } catch {
    return false
  }
}

const readPackages = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages
