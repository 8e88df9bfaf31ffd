// The applications for the browser.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuilt } from './built.mjs'
import { root } from './runtime.mjs'

const app = 'apps/workspace'
const sources = [
  ...['build', 'src', 'public', 'index.html', 'vite.config.ts', 'package.json'].map(
    (name) => `${app}/${name}`,
  ),
  ...['client', 'react', 'protocol'].map((name) => `packages/${name}/src`),
  'examples/listen',
  'package-lock.json',
]

/** The command line of Vite. */
export const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')

/** Afterwards apps/workspace/dist is what the sources say. Resolves to false when they cannot be built. */
export async function ensureWebApp() {
  if (!existsSync(join(root, app, 'index.html'))) return true
  return ensureBuilt({
    ...{ folder: `${app}/dist`, sources },
    says: 'Building the workspace (vite build).',
    command: [vite, 'build', app, '--logLevel=warn'],
  })
}
