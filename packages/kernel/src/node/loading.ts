import type { Revocation, Revocations } from '../access/revocations.ts'
import type { Flags } from '../flags.ts'
import type { RecordRow, Store } from '../ports/store.ts'

/** Tables of records that the kernel reads at start; modules `auth` and `flags` write them. */
const revocationsTable = 'revocations'
const flagsTable = 'flags'

/** Loads an app's revocations, before its first client can connect. */
export async function loadRevocations(store: Store, app: string, revocations: Revocations): Promise<void> {
  for await (const row of allRecords(store, app, revocationsTable))
    revocations.add(app, JSON.parse(row.value) as Revocation)
}

export async function loadFlags(store: Store, app: string, flags: Flags): Promise<void> {
  const known = flags.list()
  // A flag of another version is left alone.
  for await (const row of allRecords(store, app, flagsTable))
    if (Object.hasOwn(known, row.key)) flags.set(row.key, JSON.parse(row.value) === true)
}

async function* allRecords(store: Store, app: string, table: string): AsyncIterable<RecordRow> {
  const limit = 500
  let after: string | undefined
  do {
    const rows: readonly RecordRow[] = await store.records(app, table, {
      limit,
      ...(after === undefined ? {} : { after }),
    })
    yield* rows
    after = rows.length < limit ? undefined : rows.at(-1)?.key
  } while (after !== undefined)
}
