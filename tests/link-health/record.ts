import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { serverSettings, signToken } from '../chaos/settings.ts'
import { ServerProcess } from '../e2e/server-process.ts'
import { Device } from './device.ts'
import { planDevice } from './plan.ts'

export interface RecordOptions {
  readonly devices: number
  readonly minutes: number
  readonly seed: number
  readonly intervalMs: number
}

/** Columns of a reading, in the order in which they are kept. */
const columns = [
  'link',
  'at',
  'ageMs',
  'roundTripMs',
  'unanswered',
  'waitingMs',
  'silenceMs',
  'received',
  'sent',
  'bufferedBytes',
  'requests',
  'answers',
  'errors',
] as const

const settings = {
  ...serverSettings,
  kinds: { live: { durability: 'ephemeral', presence: false } },
  limits: { maxConnections: 10_000, maxConnectionsPerIp: 10_000 },
}

/** Devices that begin together would be busy together. */
const startMs = 5_000

/** Records links in real time, and keeps them as lines of JSON, compressed, with their digest. */
export async function record(options: RecordOptions, path: URL, say: (line: string) => void): Promise<void> {
  const { devices: count, intervalMs, minutes, seed } = options
  const lengthMs = minutes * 60_000
  const server = await ServerProcess.start({ settings })
  const devices = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      Device.make({
        plan: planDevice(seed, index, lengthMs),
        seed: seed * 7_919 + index,
        name: `device-${index}`,
        port: server.port,
        token: signToken(`device-${index}`, lengthMs + 600_000),
        intervalMs,
      }),
    ),
  )
  say(`${count} devices for ${minutes} minutes, seed ${seed}.`)
  for (const device of devices) {
    device.start()
    await pause(startMs / count)
  }
  await pause(lengthMs)
  const lines = devices.map((device, index) => traceOf(device, index))
  await Promise.all(devices.map((device) => device.stop()))
  await server.remove()
  const head = JSON.stringify({ version: 1, ...options, columns })
  const text = `${[head, ...lines].join('\n')}\n`
  const bytes = gzipSync(text, { level: 9 })
  writeFileSync(path, bytes)
  const digest = createHash('sha256').update(text).digest('hex')
  writeFileSync(new URL(`${path.href}.sha256`), `${digest}\n`)
  say(`${(bytes.length / 1e6).toFixed(2)} MB; SHA-256 of the lines: ${digest}`)
}

function traceOf(device: Device, index: number): string {
  const links = device.links.map(({ beganAt, diedAt = null, endedAt = null, cause = null }) => ({
    ...{ beganAt, diedAt, endedAt, cause },
  }))
  const readings = device.readings.map((reading) =>
    columns.map((column) => {
      const value = reading[column]
      return value === undefined
        ? null
        : column === 'roundTripMs'
          ? Math.round(value * 10) / 10
          : Math.round(value)
    }),
  )
  return JSON.stringify({ device: index, links, readings })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
