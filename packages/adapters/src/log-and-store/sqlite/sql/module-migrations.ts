import type { DatabaseSync } from 'node:sqlite'
import type { Migration } from '@parley/kernel'
import { type Fault, faultOf } from '../faults.ts'
import type { Statements } from './statements.ts'

export interface MigrationParts {
  readonly database: DatabaseSync
  readonly statements: Statements
  /** Does `run` in a transaction of its own; what it throws takes everything back. */
  readonly around: (run: () => void) => void
}

/**
 * Carries out the migrations of a module that were not carried out before, each in one transaction. Answers what is
 * wrong when one cannot be: neither it nor those behind it were, then. Throws when it is the disk that is wrong.
 */
export function migrateModule(
  parts: MigrationParts,
  module: string,
  migrations: readonly Migration[],
): Fault | undefined {
  const names = migrations.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) return refusal(`Module \`${module}\` has two migrations \`${twice}\`. Rename one.`)
  const done = carriedOut(parts.database, module)
  const wrong = mismatch(module, names, done)
  if (wrong !== undefined) return wrong
  for (const [index, migration] of migrations.entries()) {
    if (index < done.length) continue
    try {
      parts.around(() => carryOut(parts, { module, index, migration }))
    } catch (error) {
      if (faultOf(error).stops) throw error
      const reason = (error as Error).message
      return refusal(
        `Migration \`${migration.name}\` of module \`${module}\` was not carried out: ${reason}. Correct it, then start again.`,
      )
    }
  }
  return undefined
}

function refusal(message: string): Fault {
  return { code: 'bad_request', message }
}

function carriedOut(database: DatabaseSync, module: string): readonly string[] {
  const rows = database.prepare('SELECT name FROM parley_migrations WHERE module = ? ORDER BY n').all(module)
  return rows.map(({ name }) => String(name))
}

/** What was carried out must be how the module's list begins. */
function mismatch(module: string, names: readonly string[], done: readonly string[]): Fault | undefined {
  const index = done.findIndex((name, place) => names[place] !== name)
  const name = done[index]
  if (name === undefined) return undefined
  if (names.includes(name))
    return refusal(
      `Migration \`${names[index]}\` of module \`${module}\` stands before \`${name}\`, which was carried out earlier. ` +
        'Add migrations at the end of the list only.',
    )
  return {
    code: 'unavailable',
    message:
      `The database has migration \`${name}\` of module \`${module}\`, which this version does not know. ` +
      'Start the newer version that wrote it, or restore a backup made before the update.',
  }
}

function carryOut(
  { database, statements }: MigrationParts,
  {
    module,
    index,
    migration,
  }: { readonly module: string; readonly index: number; readonly migration: Migration },
): void {
  const prefix = `${module}_`.toLowerCase()
  const before = readSchema(database)
  for (const sql of migration.sql) statements.step(sql, prefix)
  const foreign = changedName(before, readSchema(database), prefix)
  if (foreign !== undefined)
    throw new Error(
      `it makes or changes \`${foreign}\`; names of its tables and indices begin with \`${prefix}\``,
    )
  database
    .prepare('INSERT INTO parley_migrations (module, n, name) VALUES (?, ?, ?)')
    .run(module, index, migration.name)
}

/** What a database consists of: the definition of each thing, by its name and that of its table. */
type Schema = ReadonlyMap<string, { readonly names: readonly string[]; readonly sql: string }>

function readSchema(database: DatabaseSync): Schema {
  const rows = database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema').all()
  return new Map(
    rows.map(({ type, name, tbl_name: table, sql }) => [
      `${type} ${name}`,
      { names: [String(name), String(table)], sql: String(sql) },
    ]),
  )
}

/** A name without the prefix, of what is not as it was. */
function changedName(before: Schema, after: Schema, prefix: string): string | undefined {
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(key), after.get(key)]
    if (old?.sql === now?.sql && old !== undefined && now !== undefined) continue
    const foreign = [...(old?.names ?? []), ...(now?.names ?? [])].find((name) => !isOwn(name, prefix))
    if (foreign !== undefined) return foreign
  }
  return undefined
}

/** SQLite makes indices for keys by itself, and tables for its own bookkeeping. */
function isOwn(name: string, prefix: string): boolean {
  const plain = name.toLowerCase().replace(/^sqlite_autoindex_/, '')
  return plain.startsWith(prefix) || plain.startsWith('sqlite_')
}
