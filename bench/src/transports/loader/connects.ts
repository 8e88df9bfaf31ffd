import { setTimeout as pause } from 'node:timers/promises'
import { Connection } from '../../loader/connection.ts'
import { Latencies } from '../../loader/latency.ts'
import { parleyWire } from '../../loader/parley-wire.ts'
import { Tally } from '../../loader/tally.ts'
import { signToken } from '../../token.ts'

export interface ConnectsAsk {
  readonly port: number
  readonly idle: number
  readonly burst: number
  /** Connections in waves of `burst`, all together. */
  readonly all: number
  /** As many beforehand, in such waves too, whose times do not count: a young process compiles, and makes room, as it goes. */
  readonly warm: number
}

export interface ConnectsResult {
  readonly idleP99: number
  readonly burstP99: number
  /** Share of all that succeeded. */
  readonly succeeded: number
  /** How many failed, by what was said. */
  readonly failures: Readonly<Record<string, number>>
}

/** From the first byte to the answer to `subscribe`: upgrade, token, subscription. */
export async function connects(ask: ConnectsAsk): Promise<ConnectsResult> {
  const tokens = Array.from({ length: Math.max(ask.burst, ask.idle) }, (_, index) =>
    signToken(`user-${index}`),
  )
  const failures: Record<string, number> = {}
  const connect = async (index: number, into: Latencies): Promise<Connection | undefined> => {
    const began = performance.now()
    const connection = new Connection({ port: ask.port, tally: new Tally(), ...parleyWire })
    try {
      await parleyWire.greet(connection, tokens[index] as string)
      await parleyWire.subscribe(connection, 'room:lobby')
      into.add(performance.now() - began)
      return connection
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error)
      failures[cause] = (failures[cause] ?? 0) + 1
      connection.destroy()
      return undefined
    }
  }
  let open: (Connection | undefined)[] = []
  const oneByOne = async (into: Latencies) => {
    for (let index = 0; index < ask.idle; index++) open.push(await connect(index, into))
  }
  const inWaves = async (all: number, into: Latencies) => {
    for (let count = 0; count < all; count += ask.burst) {
      const wave = Array.from({ length: ask.burst }, (_, index) => connect(index, into))
      open.push(...(await Promise.all(wave)))
    }
  }
  const leave = async () => {
    for (const connection of open) connection?.destroy()
    open = []
    await pause(500)
  }
  const [idle, burst, warm] = [new Latencies(), new Latencies(), new Latencies()]
  await oneByOne(warm)
  await inWaves(ask.warm, warm)
  await leave()
  await oneByOne(idle)
  await inWaves(ask.all, burst)
  await leave()
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
  return {
    idleP99: idle.percentile(0.99),
    burstP99: burst.percentile(0.99),
    succeeded: 1 - failed / (ask.all + ask.warm + 2 * ask.idle),
    failures,
  }
}
