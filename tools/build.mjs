// npm run build: dist of every package, workspace, console and the documentation.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ensureDocsSite } from './docs-site.mjs'
import { ensurePackages } from './packages.mjs'
import { superviseProcess } from './process.mjs'
import { ensureRuntime, root } from './runtime.mjs'
import { listBuilt } from './tree.mjs'
import { ensureWebApps } from './web-app.mjs'

await ensureRuntime()
await ensurePackages()

for (const folder of listBuilt(root)) {
  // A dist that outlived its source would be published with it; the licence has to be.
  rmSync(join(root, folder, 'dist'), { recursive: true, force: true })
  cpSync(join(root, 'LICENSE'), join(root, folder, 'LICENSE'))
}
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const code = await superviseProcess(process.execPath, [tsc, '-b', 'tsconfig.build.json'], { cwd: root })
const built = (await ensureWebApps()) && (await ensureDocsSite())
process.exit(code || (built ? 0 : 1))
