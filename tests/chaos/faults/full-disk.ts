import { statSync } from 'node:fs'
import { join } from 'node:path'
import { planting, sleep, until, type World } from '../world.ts'
import type { Fault } from './link-faults.ts'
import { readiness } from './readiness.ts'

/** How a disk is filled, and how room is made again. */
interface Filling {
  fill(): Promise<void> | void
  makeRoom(): Promise<void> | void
}

const pageBytes = 4_096
/** What is left: some commits, but not many. */
const freePages = 25

/** The disk is full until somebody makes room. */
export const fullDisk: Fault = async (world) => {
  const { oracle, watch } = world
  const { fill, makeRoom } = fillingOf(world)
  const refused = () => watch.refusals.get('store_full') ?? 0
  const before = refused()
  await fill()
  world.ballast = 'x'.repeat(4_000)
  const isFull = await until(() => refused() > before, 30_000)
  const isRed = await until(async () => (await readiness(world)) === 503, 5_000)
  world.ballast = undefined
  await sleep(500)
  await makeRoom()
  const isGreen = await until(async () => (await readiness(world)) === 200, 30_000)
  if (!isFull) oracle.verdict.fault('stuck', 'The disk was filled, and nobody was refused.')
  else if (!isRed) oracle.verdict.fault('answered', 'The disk was full, and readiness was not red.')
  if (!isGreen) oracle.verdict.fault('stuck', 'The disk has room, and the server is not ready.')
  return isFull ? 1 : 0
}

/** A small disk where one can be had, else a small database: the server is started with so few pages that they run out. */
function fillingOf({ disk, oracle, server }: World): Filling {
  if (disk !== undefined)
    return { fill: () => disk.leaveFree(freePages * pageBytes), makeRoom: () => disk.makeRoom() }
  const restart = async (environment: Readonly<Record<string, string>>) => {
    oracle.memoryLost()
    await server.kill()
    await server.start(environment)
  }
  const database = join(server.directory, 'data', 'parley.db')
  const pages = () => {
    const bytes = statSync(database).size + statSync(`${database}-wal`).size
    return Math.ceil(bytes / pageBytes) + freePages
  }
  return {
    fill: () => restart({ ...planting('small database'), CHAOS_PAGES: String(pages()) }),
    makeRoom: () => restart({}),
  }
}
