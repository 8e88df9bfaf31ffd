import { defineKind, implement, type Kind, type Module, type ModuleServices } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { contentRoute } from './content-route.ts'
import { files } from './contract.ts'
import { filesHandlers } from './handlers.ts'
import { fileLimitDefaults } from './limits.ts'
import { Locks } from './upload/locks.ts'
import { filesKind } from './model.ts'
import type { FilesOptions, FilesParts } from './parts.ts'
import { Pictures } from './upload/pictures.ts'
import { channelOf, ownerOf } from './rules.ts'
import { Sweep } from './sweep.ts'
import { tusRoutes } from './upload/tus.ts'
import { CheckedParts } from './upload/checked-parts.ts'
import { Usage } from './usage.ts'

export { fileLimitDefaults, type FileLimits } from './limits.ts'
export type { FilesOptions } from './parts.ts'

/** Module `files`. */
export function filesModule(options: FilesOptions): Module {
  let started: ModuleServices | undefined
  const services = () => {
    if (started === undefined) throw new ParleyError('unavailable', 'The node has not started yet.')
    return started
  }
  const parts = makeParts(options, services)
  const sweep = new Sweep(() => parts)
  return implement(files, {
    kinds: [kindOf(options)],
    handlers: filesHandlers(parts),
    routes: [...tusRoutes(parts), contentRoute(parts)],
    async start(given) {
      started = given
      for (const app of given.apps) countStored(parts, app)
      sweep.start()
    },
    async stop() {
      await sweep.stop()
      await parts.pictures.stop()
    },
  })
}

function makeParts(options: FilesOptions, services: () => ModuleServices): FilesParts {
  const limits = { ...fileLimitDefaults, ...options.limits }
  const parts: FilesParts = {
    ...options,
    ...{ limits, services },
    locks: new Locks(services),
    usage: new Usage(limits, {
      run: (app, job) => services().run(app, job),
      now: () => services().clock.elapsed(),
    }),
    pictures: new Pictures(() => parts),
    checked: new CheckedParts(options.digest, limits),
  }
  return parts
}

/** Of millions of files that takes seconds, which nobody has to wait for. */
function countStored({ services, usage }: FilesParts, app: string): void {
  usage.count(app).catch((error: unknown) => {
    services().log.warn('What an app has stored could not be counted.', { app, error: String(error) })
  })
}

const centuryMs = 100 * 365 * 24 * 60 * 60 * 1000

// The names of files are kept for as long as the files are.
function kindOf({ digest }: FilesOptions): Kind {
  return defineKind('files', filesKind, {
    presence: false,
    filters: false,
    access: { read: 'user', write: 'backend', presence: 'backend', manage: 'backend' },
    retention: { maxEvents: 10_000_000, maxAgeMs: centuryMs, maxBytes: 8 * 1024 ** 3 },
    lane: 'low',
    authorize: async ({ identity, channel }) => channel === channelOf(ownerOf(identity, digest)),
  })
}
