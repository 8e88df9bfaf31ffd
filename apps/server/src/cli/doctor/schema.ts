import { offlineModules } from '../offline-modules.ts'
import { findPending } from '../pending-migrations.ts'
import { type HealthCheck, ok, problem, skipped } from './finding.ts'

/** Whether the database is of this version. */
export const schemaCheck: HealthCheck = {
  name: 'schema',
  title: 'Database',
  async look({ config, store, storeProblem }) {
    if (config === undefined) return skipped('The configuration does not say where the data are.')
    if (storeProblem !== undefined)
      return problem(
        `The database cannot be read: ${storeProblem}`,
        'Check the rights and the disk. If it is damaged, stop the server and restore a backup: `parley restore`.',
      )
    if (store === undefined) return ok('There is no database yet; a start makes it.')
    if (store.schema > store.newestSchema)
      return problem(
        `The database has schema ${store.schema}; this version of Parley knows schemas up to ${store.newestSchema}.`,
        'Start the newer version that wrote it, or restore a backup made before the update.',
      )
    const pending = await findPending(config, await offlineModules(config))
    if (pending.length === 0) return ok(`The database has schema ${store.schema}, the newest.`)
    return problem(
      `The database is of an older version. There is to do: ${pending.join('; ')}.`,
      'Make a backup (`parley backup`), then start the server, or run `parley migrate`.',
    )
  },
}
