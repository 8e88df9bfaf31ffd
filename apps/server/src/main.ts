#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { yieldToServing } from '@parley/adapters/short-pauses'
import { holdPausesShort } from './short-pauses.ts'

// Before anything is loaded: it begins anew. Commands other than the server have no use for it.
if (/^(serve|-.*)?$/.test(process.argv[2] ?? '')) {
  holdPausesShort()
  yieldToServing()
}

// Compiled code is kept between starts; imports that are to profit from it come after.
enableCompileCache()
const { run } = await import('./cli/run.ts')
const { processTerminal } = await import('./cli/terminal.ts')
process.exitCode = await run(process.argv.slice(2), processTerminal())
