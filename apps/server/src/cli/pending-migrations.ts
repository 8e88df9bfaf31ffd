import type { Module } from '@parley/kernel'
import type { Config } from '../config.ts'
import { inspectStore } from '../stores.ts'

/**
 * What a start of this version would change in the database, in words.
 *
 * @throws Error when the database is newer than this version, or another program's
 */
export async function findPending(config: Config, modules: readonly Module[]): Promise<readonly string[]> {
  const found = await inspectStore(config)
  if (found === undefined) return []
  const { path, schema, newestSchema, migrations } = found
  if (schema > newestSchema)
    throw new Error(
      `${path} has schema ${schema}, and this version of Parley knows schemas up to ${newestSchema}. ` +
        'Start the newer version that wrote it, or restore a backup made before the update.',
    )
  const own = schema < newestSchema ? [`the schema, from ${schema} to ${newestSchema}`] : []
  const ofModules = modules.flatMap(({ contract: { name }, migrations: wanted = [] }) => {
    const missing = wanted.length - (migrations[name] ?? 0)
    return missing > 0 ? [`${missing} of module \`${name}\``] : []
  })
  return [...own, ...ofModules]
}
