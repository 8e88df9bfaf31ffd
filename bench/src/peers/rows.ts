// One row a commit with bare node:sqlite, each on disk: what a server does that stores before it answers.
import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { link } from '../link.ts'
import { stampedPayload } from '../loader/payload.ts'
import { startSpending } from '../loader/spent.ts'

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
    const [began, before, spentSince] = [performance.now(), rows, startSpending(process.pid)]
    while (performance.now() - began < seconds * 1_000) add()
    const { disturbed, ...spent } = spentSince()
    const result = { acked: (rows - before) / spent.seconds, disturbed }
    database.close()
    return result
  },
})
process.once('disconnect', () => process.exit())
