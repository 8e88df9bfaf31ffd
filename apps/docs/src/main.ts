import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buildSite } from './site.ts'

// node apps/docs/src/main.ts [FOLDER]: writes the site.
const repository = resolve(import.meta.dirname, '../../..')
const folder = resolve(process.argv[2] ?? join(repository, 'apps/docs/dist'))
rmSync(folder, { recursive: true, force: true })
const { pages } = await buildSite(repository, folder)
process.stderr.write(`${pages.length} pages.\n`)
