import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Finding, type HealthCheck, ok, problem, skipped } from './finding.ts'

/** Whether the data directory can be used, and by whom it is. */
export const dataCheck: HealthCheck = {
  name: 'data',
  title: 'Data directory',
  async look({ config, store, server, isNamed }) {
    if (config === undefined) return skipped('The configuration does not say where the data are.')
    if (config.storageProvider === 'memory') return ok('Everything is kept in memory.')
    const { dataDir } = config
    const denied = await whyNot(dataDir)
    if (denied !== undefined) return denied
    if (store?.holder === undefined) return ok(`${dataDir} can be used; nobody does.`)
    if (server?.who === 'parley' && !isNamed)
      return ok(`${dataDir} is in use ${store.holder}, the server that answers.`)
    return problem(
      `${dataDir} is in use ${store.holder}, and no server answers at ${server?.url ?? 'its address'}.`,
      'A server over the same data runs elsewhere, or hangs: stop that process, or use another data directory (`dataDir`).',
    )
  },
}

async function whyNot(dataDir: string): Promise<Finding | undefined> {
  const place = await existingPlace(dataDir)
  const info = await stat(place).catch(() => undefined)
  if (info?.isDirectory() === false)
    return problem(`${place} is a file, not a directory.`, 'Set `dataDir` to a directory.')
  try {
    await access(place, constants.R_OK | constants.W_OK | constants.X_OK)
    return undefined
  } catch {
    return problem(
      `${place} may not be written by this user.`,
      `Give it to the user that runs the server: chown -R <user> ${place}. Or set \`dataDir\` to another directory.`,
    )
  }
}

/** The directory, or the nearest above it that is there: a start makes what is missing. */
export async function existingPlace(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  return isThere || dirname(path) === path ? path : existingPlace(dirname(path))
}
