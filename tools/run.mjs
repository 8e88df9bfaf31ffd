// Runs one of our programs from its sources: node tools/run.mjs <file> [arguments].
import { ensurePackages } from './packages.mjs'
import { ensureRuntime } from './runtime.mjs'
import { becomeSource } from './source.mjs'

await ensureRuntime()
await ensurePackages()
await becomeSource(process.argv.slice(2))
