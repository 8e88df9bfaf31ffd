import { afterAll, expect, test } from 'vitest'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { Crowd, placeOf } from './crowd.ts'
import { ServerProcess } from './server-process.ts'

const ballast = 'x'.repeat(16_000)
const publishers = 4
const slice = 64
const slices = 24
const sliceBytes = publishers * slice * ballast.length

const rest: (() => unknown)[] = []

afterAll(async () => {
  for (const end of rest.reverse()) await end()
})

async function startServer(...flags: string[]): Promise<ServerProcess> {
  const server = await ServerProcess.start({
    // Nothing is compressed: what is sent is alike, and is to fill the way to who does not read.
    flags: ['--flags.security-features.rate-limiting', 'false', '--compression.enabled', 'false', ...flags],
    // A small heap has little garbage in it: what grows, is held.
    environment: { NODE_OPTIONS: '--max-old-space-size=96 --max-semi-space-size=2' },
  })
  rest.push(() => server.remove())
  return server
}

async function join(options: Parameters<typeof Crowd.join>[0]): Promise<Crowd> {
  const crowd = await Crowd.join(options)
  rest.push(() => crowd.leave())
  return crowd
}

async function lineTo(server: ServerProcess): Promise<FaultProxy> {
  const line = await FaultProxy.to(server.port)
  rest.push(() => line.close())
  return line
}

/** Milliseconds until all of the crowd have a slice of the burst, published by themselves. */
async function burst(crowd: Crowd): Promise<number> {
  const start = performance.now()
  crowd.publishAll(slice, ballast)
  await crowd.answered()
  await crowd.everybodyHas()
  return performance.now() - start
}

async function gauge(server: ServerProcess, name: string): Promise<number> {
  const text = await fetch(`${server.url}/metrics`).then((response) => response.text())
  const value = new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]
  if (value === undefined) throw new Error(`There is no gauge ${name}.`)
  return Number(value)
}

const newest = (crowd: Crowd) => Math.max(...crowd.acked.values())
const memory = (server: ServerProcess) => gauge(server, 'process_resident_memory_bytes')

test('readers at 20 kB/s catch up after a burst, and cost neither memory nor anybody else time', async () => {
  const server = await startServer()
  const fast = await join({ server, channel: 'chat:burst', size: publishers, names: 'fast' })
  const alone: number[] = []
  for (let count = 0; count < 8; count++) alone.push(await burst(fast))
  const line = await lineTo(server)
  const slow = await join({ server, channel: 'chat:burst', size: 3, names: 'slow', url: line.url })
  const [start, memoryBefore] = [newest(fast), await memory(server)]

  line.worsen({ toClient: { bytesPerSecond: 20_000 } })
  const beside: number[] = []
  const grown: number[] = []
  for (let count = 0; count < slices; count++) {
    beside.push(await burst(fast))
    grown.push((await memory(server)) - memoryBefore)
  }
  expect(Math.min(...beside) / Math.min(...alone), 'others wait no longer').toBeLessThan(2)
  expect(Math.max(...grown), 'memory').toBeLessThan((slices * sliceBytes) / 2)
  // They do read, and are far behind.
  await slow.everybodyHas(start + 1)
  expect(Math.max(...slow.parties.map(placeOf))).toBeLessThan((start + newest(fast)) / 2)

  line.heal()
  await slow.everybodyHas(newest(fast))
  expect(
    await gauge(server, 'parley_deliveries_total\\{path="catch_up"\\}'),
    'events read from the log',
  ).toBeGreaterThan(1_000)
  expect([fast.disconnects, slow.disconnects]).toEqual([0, 0])
  expect([...fast.verdict(), ...slow.verdict(fast.acked)]).toEqual([])
})

test('a slow reader is waited for as long as it reads, however much lies between it and the server', async () => {
  const server = await startServer(
    ...['--limits.ping-interval-ms', '4000', '--limits.ping-timeout-ms', '1500'],
    ...['--limits.slow-consumer-ms', '2000'],
  )
  const line = await lineTo(server)
  // The operating system takes the small burst whole, and of the large one as much as it likes.
  const bursts = await Promise.all(
    [16, 3 * slice].map(async (each) => {
      const channel = `chat:burst-${each}`
      const fast = await join({ server, channel, size: publishers, names: `fast-${each}` })
      const slow = await join({ server, channel, size: 3, names: `slow-${each}`, url: line.url })
      return { each, fast, slow }
    }),
  )
  line.worsen({ toClient: { bytesPerSecond: 100_000 } })
  for (const { each, fast } of bursts) fast.publishAll(each, ballast)
  // Six seconds at this speed: a ping and the time to answer it, and three times as long as somebody who takes nothing is waited for.
  await Promise.all(bursts.map(({ slow }) => slow.everybodyHas(36)))
  expect(await gauge(server, 'parley_connections')).toBe(2 * (publishers + 3))
  line.heal()
  for (const { fast, slow } of bursts) {
    await fast.answered()
    await fast.everybodyHas()
    await slow.everybodyHas(newest(fast))
    expect([fast.disconnects, slow.disconnects]).toEqual([0, 0])
    expect([...fast.verdict(), ...slow.verdict(fast.acked)]).toEqual([])
  }
})

test('a reader that takes nothing is closed as a slow consumer, and loses nothing when it is back', async () => {
  const server = await startServer('--limits.slow-consumer-ms', '500')
  const fast = await join({ server, channel: 'chat:stall', size: publishers, names: 'fast' })
  const line = await lineTo(server)
  const stalled = await join({ server, channel: 'chat:stall', size: 2, names: 'stalled', url: line.url })
  line.worsen({ toClient: { bytesPerSecond: 0 } })
  // More than the operating system buffers for a connection.
  for (let count = 0; count < 3; count++) await burst(fast)
  await expect.poll(() => gauge(server, 'parley_connections'), { timeout: 20_000 }).toBe(publishers)
  line.heal()
  await stalled.everybodyHas(newest(fast))
  expect([fast.disconnects, stalled.disconnects]).toEqual([0, 2])
  expect([...fast.verdict(), ...stalled.verdict(fast.acked)]).toEqual([])
})
