import { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import { type CheckpointerStart, phases } from '../writer/background-checkpoints.ts'

// The thread that writes the write-ahead log back while the writer goes on. It has no event loop to speak of: it sleeps
// until the writer wants something.

const { path, synchronous, state } = workerData as CheckpointerStart
const database = new DatabaseSync(path, { timeout: 5_000 })
// By this a checkpoint knows whether to sync the log before, and the database after.
database.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA wal_autocheckpoint = 0`)
const passive = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

while (Atomics.load(state, 0) !== phases.closing) {
  if (Atomics.load(state, 0) === phases.wanted) {
    try {
      passive.get()
    } catch {
      // A full or broken disk: the writer meets it at its next commit, and knows what to do.
    }
    Atomics.compareExchange(state, 0, phases.wanted, phases.idle)
    Atomics.notify(state, 0)
  }
  Atomics.wait(state, 0, phases.idle)
}
database.close()
Atomics.store(state, 0, phases.closed)
Atomics.notify(state, 0)
