// One row a commit with bare node:sqlite, each on disk: what a server does that stores before it answers.
import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { cpuMicros } from '../accounting.ts'
import { link } from '../link.ts'
import { stampedPayload } from '../loader/payload.ts'

interface Ask {
  readonly file: string
  readonly seconds: number
}

link(process, {
  run({ file, seconds }: Ask) {
    rmSync(file, { force: true })
    const database = new DatabaseSync(file)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    database.exec(
      'CREATE TABLE events (channel TEXT, "offset" INTEGER, type TEXT, data TEXT, at INTEGER, PRIMARY KEY (channel, "offset")) WITHOUT ROWID',
    )
    const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?)')
    let rows = 0
    const add = (): void => {
      rows += 1
      insert.run('ledger:one', rows, 'message', stampedPayload(), Date.now())
    }
    for (let row = 0; row < 1_000; row++) add()
    const [began, cpu, before] = [performance.now(), cpuMicros(process.pid), rows]
    while (performance.now() - began < seconds * 1_000) add()
    const elapsed = (performance.now() - began) / 1_000
    const done = rows - before
    const result = { acked: done / elapsed, ackCpu: (cpuMicros(process.pid) - cpu) / done }
    database.close()
    return result
  },
})
process.once('disconnect', () => process.exit())
