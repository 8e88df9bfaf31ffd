// Builds the workspace for the browser, when its sources changed since the last time.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint } from './fingerprint.mjs'
import { withLock } from './lock.mjs'
import { superviseProcess } from './process.mjs'
import { root } from './runtime.mjs'

const app = 'apps/workspace'
const stamp = join(root, app, 'dist', '.stamp')
const sources = [
  ...['build', 'src', 'public', 'index.html', 'vite.config.ts', 'package.json'].map(
    (name) => `${app}/${name}`,
  ),
  ...['client', 'react', 'protocol'].map((name) => `packages/${name}/src`),
  'examples/listen',
  'package-lock.json',
]

/** Afterwards apps/workspace/dist is what the sources say. Resolves to false when they cannot be built. */
export async function ensureWebApp() {
  if (!existsSync(join(root, app, 'index.html')) || isFresh(fingerprint(root, sources))) return true
  return withLock('build', async () => {
    const wanted = fingerprint(root, sources)
    if (isFresh(wanted)) return true
    console.error('Building the workspace (vite build).')
    rmSync(stamp, { force: true })
    const code = await superviseProcess(process.execPath, [vite, 'build', app, '--logLevel=warn'], {
      cwd: root,
    })
    if (code === 0) writeFileSync(stamp, wanted)
    return code === 0
  })
}

/** The command line of Vite. */
export const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')

function isFresh(wanted) {
  try {
    return readFileSync(stamp, 'utf8') === wanted
  } catch {
    return false
  }
}
