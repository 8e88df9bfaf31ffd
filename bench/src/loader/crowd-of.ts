import { signToken } from '../token.ts'
import { Connection } from './connection.ts'
import type { Tally } from './tally.ts'
import type { WireName } from './wires.ts'
import { wires } from './wires.ts'

export interface CrowdOptions {
  readonly wire: WireName
  readonly port: number
  readonly size: number
  /** Connections being opened at a time. */
  readonly atOnce?: number
  /** Names of the channels that a member subscribes to. */
  readonly channelsOf: (member: number) => readonly string[]
  /** Signed beforehand where signing must not be part of what is measured. */
  readonly tokens?: readonly string[]
}

/** Opens connections, each with a token of its own, subscribes them and lets them count. */
export async function openCrowd(options: CrowdOptions, tally: Tally): Promise<Connection[]> {
  const { size, atOnce = 64 } = options
  const crowd = new Array<Connection>(size)
  let next = 0
  const worker = async (): Promise<void> => {
    for (let member = next++; member < size; member = next++)
      crowd[member] = await openMember(options, tally, member)
  }
  await Promise.all(Array.from({ length: Math.min(size, atOnce) }, worker))
  for (const connection of crowd) connection.startCounting()
  return crowd
}

async function openMember(options: CrowdOptions, tally: Tally, member: number): Promise<Connection> {
  const wire = wires[options.wire]
  const connection = new Connection({ port: options.port, tally, ...wire })
  await wire.greet(connection, options.tokens?.[member] ?? signToken(`user-${member}`))
  for (const channel of options.channelsOf(member)) await wire.subscribe(connection, channel)
  return connection
}

export function closeCrowd(crowd: readonly Connection[]): void {
  for (const connection of crowd) connection.destroy()
}

/** Every nth member, so that first and last written to are among them. */
export function sampleCrowd(crowd: readonly Connection[], samples: number): void {
  for (let sample = 0; sample < samples; sample++) {
    const member = crowd[Math.round((sample * (crowd.length - 1)) / Math.max(1, samples - 1))]
    if (member !== undefined) member.sampled = true
  }
}
