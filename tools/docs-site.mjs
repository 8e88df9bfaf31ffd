// The documentation as a site.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuilt } from './built.mjs'
import { root } from './runtime.mjs'
import { sourceArguments } from './source.mjs'

const main = 'apps/docs/src/main.ts'

// The reference is read from what the server is made of.
const sources = [
  ...['src', 'public', 'package.json'].map((name) => `apps/docs/${name}`),
  ...['docs', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'packages/protocol/PROTOCOL.md'],
  ...['adapters', 'gateway', 'kernel', 'modules', 'protocol'].map((name) => `packages/${name}/src`),
  ...['apps/server/src', 'package-lock.json'],
]

/** Afterwards apps/docs/dist is what the sources say. Resolves to false when they cannot be built. */
export async function ensureDocsSite() {
  if (!existsSync(join(root, main))) return true
  return ensureBuilt({
    ...{ folder: 'apps/docs/dist', sources },
    says: 'Building the documentation.',
    command: sourceArguments([main]),
  })
}
