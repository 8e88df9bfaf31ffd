import { open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { sizeText } from '../progress.ts'
import { existingPlace } from './data.ts'
import { type Finding, type HealthCheck, ok, problem, skipped, warning } from './finding.ts'

/** A checkpoint, a backup's pages and some files need room: below this, writes are about to be refused. */
const leastFreeBytes = 64 * 1_000_000
const fewFreeBytes = 1_000_000_000
const probeBytes = 65_536

/** Whether there is room for the data. */
export const diskCheck: HealthCheck = {
  name: 'disk',
  title: 'Disk',
  async look({ config, server }) {
    if (config === undefined) return skipped('The configuration does not say where the data are.')
    if (config.storageProvider === 'memory') return ok('Nothing is written to a disk.')
    const place = await existingPlace(config.dataDir)
    const { bavail, bsize } = await statfs(place)
    const free = bavail * bsize
    const unwritable = free < leastFreeBytes ? undefined : await tryToWrite(place)
    const full = server?.failing.find((one) => /full|no space/i.test(one))
    if (free < leastFreeBytes || unwritable === 'ENOSPC' || unwritable === 'EDQUOT' || full !== undefined)
      return isFull(config.dataDir, free)
    if (unwritable !== undefined)
      return problem(
        `Writing to ${place} fails (${unwritable}).`,
        'Look at the disk: `dmesg`, `mount`, `smartctl -a`.',
      )
    if (free < fewFreeBytes)
      return warning(
        `The disk of ${config.dataDir} has ${sizeText(free)} left.`,
        'Make room soon, or shorten the retention of large kinds (`kinds.<kind>.retention`).',
      )
    return ok(`The disk of ${config.dataDir} has ${sizeText(free)} left.`)
  },
}

function isFull(dataDir: string, free: number): Finding {
  return problem(
    `The disk of ${dataDir} is full: ${sizeText(free)} are left. Durable events are refused with \`store_full\`.`,
    'Make room, or move the data to a larger disk (`parley backup`, then `parley restore` with another `dataDir`). The server ' +
      'goes on by itself within a second; what it had acknowledged is safe.',
  )
}

/** The code with which writing fails. */
async function tryToWrite(folder: string): Promise<string | undefined> {
  const path = join(folder, `.parley-doctor-${process.pid}`)
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.write(Buffer.alloc(probeBytes, 1))
      await file.sync()
    } finally {
      await file.close()
    }
    return undefined
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  } finally {
    await rm(path, { force: true })
  }
}
