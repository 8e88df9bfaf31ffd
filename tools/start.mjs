// npm start: everything that the server needs, then the server. When all is there it only looks.
import { ensureDocsSite } from './docs-site.mjs'
import { ensurePackages } from './packages.mjs'
import { ensureRuntime } from './runtime.mjs'
import { becomeSource } from './source.mjs'
import { ensureWebApps } from './web-app.mjs'

await ensureRuntime()
await ensurePackages()
if (!(await ensureWebApps())) {
  console.error('The pages could not be built; Vite says why above.')
  process.exit(1)
}
if (!(await ensureDocsSite())) console.error('The documentation could not be built, and is not served.')
await becomeSource(['apps/server/src/main.ts', ...process.argv.slice(2)])
