import { startWith } from './plant.ts'

// Acknowledges what the disk has not got yet.
await startWith({
  file: 'packages/adapters/src/log-and-store/sqlite.ts',
  healthy: "synchronous: 'FULL'",
  ill: "synchronous: 'OFF'",
})
