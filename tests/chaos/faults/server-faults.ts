import { sleep, until, type World } from '../world.ts'
import { fullDisk } from './full-disk.ts'
import type { Fault } from './link-faults.ts'
import { readiness } from './readiness.ts'

/** The process is killed in the middle of its work (kill -9), and started again. */
const kill: Fault = async (world) => {
  world.oracle.memoryLost()
  await world.server.kill()
  await sleep(world.chance.between(0, 500))
  await world.server.start()
  await everybodyIsBack(world)
  return 1
}

/** The process stands still, sometimes for longer than clients wait for a sign of life (SIGSTOP, SIGCONT). */
const pause: Fault = async ({ chance, server }) => {
  server.pause()
  try {
    await sleep(chance.next() < 0.3 ? 9_000 : chance.between(300, 3_000))
  } finally {
    server.resume()
  }
  return 1
}

/** The process is asked to stop (SIGTERM) while all are at work, and started again. */
const drain: Fault = async (world) => {
  const { oracle, server } = world
  const exit = server.stop()
  const isRed = await until(async () => !server.isRunning || (await readiness(world)) !== 200, 2_000)
  if (!isRed) oracle.verdict.fault('answered', 'The server was asked to stop, and readiness was not red.')
  const code = await exit
  oracle.memoryLost()
  if (code !== 0) oracle.verdict.fault('answered', `The server was asked to stop, and ended with ${code}.`)
  await server.start()
  await everybodyIsBack(world)
  return 1
}

/** All of the crowd lose their connections at once, and come back at once. */
const storm: Fault = async (world) => {
  const { crowd, crowdLine } = world
  const { length } = crowd
  crowdLine.reset()
  await sleep(50)
  await everybodyIsBack(world)
  return length
}

/** The next fault meets those who are there, not those who are still on their way. */
async function everybodyIsBack({ crowd, oracle, say }: World): Promise<void> {
  const startedAt = performance.now()
  const isSo = await until(() => crowd.every((reader) => reader.isConnected), 120_000)
  if (isSo) say(`${crowd.length} readers are back after ${Math.round(performance.now() - startedAt)} ms`)
  else oracle.verdict.fault('stuck', 'Two minutes after it came back, not everybody is connected.')
}

export const serverFaults = { ...{ kill, pause, fullDisk, drain, storm } } satisfies Readonly<
  Record<string, Fault>
>
