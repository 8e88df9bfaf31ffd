import type { Sample } from '../lines.ts'
import { nodeCommand, startPinned } from '../pinned.ts'
import type { Benchmark, Turn } from '../rounds.ts'
import type { Scale } from '../scale.ts'
import { prefixed } from '../scenarios.ts'
import { bare, parley } from '../targets.ts'
import type { ConnectsAsk, ConnectsResult } from './loader/connects.ts'
import type { CrowdAsk, CrowdResult } from './loader/crowd.ts'
import type { DownlinkName } from './loader/downlinks.ts'
import { transportsPlan } from './plan.ts'
import { type HttpTarget, nchan, socketIoPolling } from './targets.ts'

/** As many as in `fanout`. */
const listeners = 1_000
/** Each asks again for every answer. */
const pollers = 200
const perSecond = 100
const window = 64

/** Runs one ask of the loader against a server that lives no longer. */
async function ask<Result>(target: HttpTarget, name: string, input: object): Promise<Result> {
  const server = await target.start()
  const loader = startPinned({ core: 1, command: nodeCommand(new URL('./loader/main.ts', import.meta.url)) })
  try {
    return await loader.link.ask<Result>(name, { ...input, port: server.port, pid: server.pid })
  } finally {
    await loader.stop()
    await server.stop()
  }
}

const isPolling = (downlink: DownlinkName): boolean => downlink.endsWith('polling')

function crowd(target: HttpTarget, downlink: DownlinkName, publisher: CrowdAsk['publisher']): Turn {
  return {
    server: target.name,
    missing: target.missing,
    async run({ warmMillis, millis }: Scale): Promise<Sample> {
      // What serves requests has more code to compile than what writes to sockets.
      const members = isPolling(downlink) ? pollers : listeners
      const input = { downlink, publisher, members, perSecond, window, warmMillis: warmMillis * 2, millis }
      const { rated, flat } = await ask<CrowdResult>(target, 'crowd', input)
      return { ...prefixed('rated', rated), ...prefixed('flat', { ...flat, perCpuSecond: 1e6 / flat.cpu }) }
    },
  }
}

const connect = (target: HttpTarget): Turn => ({
  server: target.name,
  missing: target.missing,
  async run({ isQuick }: Scale): Promise<Sample> {
    const input: Omit<ConnectsAsk, 'port'> = {
      ...{ idle: 200, burst: 500 },
      ...(isQuick ? { all: 1_000, warm: 500 } : { all: 10_000, warm: 2_000 }),
    }
    const { idleP99, burstP99, succeeded, failures } = await ask<ConnectsResult>(target, 'connects', input)
    for (const [cause, count] of Object.entries(failures)) console.error(`  ${count} × ${cause}`)
    return { 'idle p99': idleP99, 'burst p99': burstP99, succeeded }
  },
})

/** Every downlink over HTTP, beside Socket.IO's polling and Nchan; and connecting. */
export const transports: Benchmark = {
  plan: transportsPlan,
  turns: {
    sse: [crowd(parley, 'sse', 'parley'), crowd(nchan, 'nchan sse', 'nchan')],
    'http-stream': [crowd(parley, 'http-stream', 'parley'), crowd(nchan, 'nchan sse', 'nchan')],
    listening: [crowd(parley, 'listening', 'parley'), crowd(nchan, 'nchan sse', 'nchan')],
    polling: [
      crowd(parley, 'polling', 'parley'),
      crowd(socketIoPolling, 'socket.io polling', 'socket.io'),
      crowd(nchan, 'nchan polling', 'nchan'),
    ],
    connect: [connect(parley), connect(bare)],
  },
}
