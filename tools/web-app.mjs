// The applications for the browser, workspace and console.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuilt } from './built.mjs'
import { root } from './runtime.mjs'

/** Their folders. */
export const webApps = ['apps/workspace', 'apps/console']

/** The command line of Vite. */
export const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')

const own = ['build', 'src', 'index.html', 'vite.config.ts', 'package.json']
const shared = [
  ...['build', 'public', 'src', 'package.json'].map((name) => `packages/look/${name}`),
  ...['client', 'react', 'protocol'].map((name) => `packages/${name}/src`),
  'examples/listen',
  'package-lock.json',
]

/** Afterwards `dist` of each is what the sources say. Resolves to false when one cannot be built. */
export async function ensureWebApps() {
  for (const app of webApps) if (!(await ensureWebApp(app))) return false
  return true
}

async function ensureWebApp(app) {
  if (!existsSync(join(root, app, 'index.html'))) return true
  return ensureBuilt({
    folder: `${app}/dist`,
    sources: [...own.map((name) => `${app}/${name}`), ...shared],
    says: `Building ${app} (vite build).`,
    command: [vite, 'build', app, '--logLevel=warn'],
  })
}
