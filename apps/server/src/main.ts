#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Compiled code is kept between starts; imports that are to profit from it come after.
enableCompileCache()
const { run } = await import('./cli/run.ts')
const { processTerminal } = await import('./cli/terminal.ts')
process.exitCode = await run(process.argv.slice(2), processTerminal())
