import { cpuMicros, disturbedMicros, threadTimes } from '../accounting.ts'

/** What passed since a stretch of time began. */
export interface Spent {
  readonly seconds: number
  /** CPU of the server in µs. */
  readonly cpu: number
  /** Share of one core that the loader used. Near 1 it is the loader that is being measured. */
  readonly loader: number
  /** Share of the time in which another process had the core of the server or of the loader while they could run. */
  readonly disturbed: number
}

/** Begins to watch a server and this loader; the answer tells what they have spent since. */
export function startSpending(pid: number): () => Spent {
  const [serverBefore, loaderBefore] = [threadTimes(pid), threadTimes(process.pid)]
  const [began, cpuBefore, used] = [performance.now(), cpuMicros(pid), process.cpuUsage()]
  return () => {
    const seconds = (performance.now() - began) / 1_000
    const { user, system } = process.cpuUsage(used)
    const server = disturbedMicros(serverBefore, threadTimes(pid))
    const loader = disturbedMicros(loaderBefore, threadTimes(process.pid))
    return {
      seconds,
      cpu: cpuMicros(pid) - cpuBefore,
      loader: (user + system) / 1e6 / seconds,
      disturbed: Math.max(server, loader) / 1e6 / seconds,
    }
  }
}
