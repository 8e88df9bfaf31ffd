import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { shortPauseFlags } from '@parley/adapters/short-pauses'
import type { Link } from './link.ts'
import type { WireName } from './loader/wires.ts'
import { nodeCommand, type Pinned, startPinned } from './pinned.ts'

/** A server that a loader can be pointed at. */
export interface Target {
  readonly name: string
  readonly wire: WireName
  /** Why it cannot run here; undefined when it can. */
  readonly missing: string | undefined
  start(options?: StartOptions): Promise<Server>
}

export interface StartOptions {
  /** Folder that outlives the process, for what is durable. */
  readonly data?: string
}

export interface Server {
  readonly pid: number
  readonly port: number
  /** Absent for servers that are not ours to ask. */
  readonly link?: Link
  stop(signal?: NodeJS.Signals): Promise<void>
}

const serverCore = 0

/** As `parley serve` starts itself. */
const asServed = [...shortPauseFlags, `--import=${new URL('./servers/as-served.ts', import.meta.url)}`]

/** A server of this folder, in a process of its own. */
export function ownTarget(
  name: string,
  wire: WireName,
  file: string,
  {
    core = serverCore,
    flags = [],
  }: { readonly core?: number | null | undefined; readonly flags?: readonly string[] } = {},
): Target {
  return {
    name,
    wire,
    missing: undefined,
    async start({ data } = {}) {
      const folder = data ?? (await mkdtemp(join(tmpdir(), 'parley-bench-')))
      const command = nodeCommand(
        new URL(file, import.meta.url),
        ['--expose-gc', ...flags, ...profiling()],
        folder,
      )
      const { server, port } = await startReporting(command, core)
      const stop = async (signal?: NodeJS.Signals): Promise<void> => {
        await server.stop(signal)
        if (data === undefined) await rm(folder, { recursive: true, force: true })
      }
      return { pid: server.pid, port, link: server.link, stop }
    },
  }
}

async function startReporting(
  command: readonly string[],
  core: number | null,
): Promise<{ server: Pinned; port: number }> {
  const began = Promise.withResolvers<number>()
  const server = startPinned({
    core: core ?? undefined,
    command,
    answers: { ready: (port: number) => began.resolve(port) },
  })
  const late = setTimeout(
    () => began.reject(new Error(`${command.join(' ')} was not ready within 15 s.`)),
    15_000,
  )
  const port = await began.promise
  clearTimeout(late)
  return { server, port }
}

/** `PARLEY_BENCH_PROFILE=<folder>` writes a CPU profile of every server of ours. */
function profiling(): readonly string[] {
  const folder = process.env.PARLEY_BENCH_PROFILE
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}

const natsProgram = (process.env.PATH ?? '')
  .split(delimiter)
  .concat('/usr/sbin')
  .map((folder) => join(folder, 'nats-server'))
  .find(existsSync)

/** A server of ours. */
function ourTarget(wire: WireName, file: string, core?: null): Target {
  return ownTarget('parley', wire, file, { core, flags: asServed })
}

export const parley = ourTarget('parley', './servers/parley.ts')
/** Our server with chat, presence and typing, on one core. */
export const parleyChat = ourTarget('parley', './servers/chat.ts')
/** The same on all cores of the machine, which it shares with the loader: as an application has it. */
export const parleyChatFree = ourTarget('parley', './servers/chat.ts', null)
/** Our server with a kind in each lane. */
export const parleyTiers = ourTarget('parley', './servers/tiers.ts')
export const bare = ownTarget('bare sockets', 'parley', './peers/bare.ts')
export const socketIo = ownTarget('socket.io', 'socket.io', './peers/socket-io.ts')
/** The server API of Socket.IO on ours. */
export const parleySocketIo = ourTarget('socket.io', './compatibility/socket-io-server.ts')
/** The wire of Pusher on ours. */
export const parleyPusher = ourTarget('pusher', './compatibility/pusher-server.ts')
export const ws = ownTarget('ws', 'ws', './peers/ws.ts')

/** NATS with its WebSocket listener, if it is installed. */
export const nats: Target = {
  name: 'nats',
  wire: 'nats',
  missing:
    natsProgram === undefined
      ? 'nats-server is not installed (Debian: apt-get install nats-server)'
      : undefined,
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'parley-bench-nats-'))
    const [port, own] = [await freePort(), await freePort()]
    const file = join(folder, 'nats.conf')
    await writeFile(
      file,
      `host: 127.0.0.1\nport: ${own}\nwebsocket { host: 127.0.0.1, port: ${port}, no_tls: true, compression: false }\n`,
    )
    const command = [natsProgram as string, '-c', file]
    const server = startPinned({ core: serverCore, command, speaks: false })
    await listening(port)
    const stop = async (signal?: NodeJS.Signals): Promise<void> => {
      await server.stop(signal)
      await rm(folder, { recursive: true, force: true })
    }
    return { pid: server.pid, port, stop }
  },
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Waits until something accepts connections on a port of this machine. */
export async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`Nothing listens on port ${port}.`)
}
