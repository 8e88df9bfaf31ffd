import { sleepingHandler, startWith } from './plant.ts'

// The handler of `publish` takes a random time, and nobody waits for the one before.
await startWith(sleepingHandler, {
  file: 'packages/kernel/src/commands/dispatch.ts',
  healthy: 'else caller.lanes.run(prepared.orderKey, job)',
  ill: 'else void job()',
})
