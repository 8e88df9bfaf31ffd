import { sleepingHandler, startWith } from './plant.ts'

// The handler of `publish` takes a random time.
await startWith(sleepingHandler)
