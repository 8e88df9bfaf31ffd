// npm run dev: the server, started again when a source changes, and Vite with workspace and console in front of it.
import { ensurePackages } from './packages.mjs'
import { superviseProcess } from './process.mjs'
import { ensureRuntime, root } from './runtime.mjs'
import { sourceArguments } from './source.mjs'
import { vite, webApps } from './web-app.mjs'

await ensureRuntime()
await ensurePackages()

const stop = new AbortController()
const run = (args) => superviseProcess(process.execPath, args, { cwd: root, signal: stop.signal })
const server = sourceArguments(['--watch', '--watch-preserve-output', 'apps/server/src/main.ts'])
const all = [run([...server, ...process.argv.slice(2)]), ...webApps.map((app) => run([vite, app]))]

// When one ends, the other has nobody to talk to.
const code = await Promise.race(all)
stop.abort()
await Promise.all(all)
process.exit(code)
