import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, type WebSocketConstructor } from '@parley/client'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ServerProcess } from './server-process.ts'

// Kill -9 proves nothing about the disk: what the process has written survives it in the page cache, synced or not,
// and a power cut cannot be had in a test. The witness is the kernel's record of system calls: between the receipt of
// a publish and the first byte of its ack, a sync of the database was begun and came back without an error.

const canary = fileURLToPath(new URL('./canaries/unsynced.ts', import.meta.url))
const channel = 'chat:durability'
const calls = 'read,recvfrom,write,writev,sendto,sendmsg,fsync,fdatasync'
const hasStrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0
const missing = hasStrace ? '' : ' (strace is missing, or may not trace)'

/** Masks with zeros and does not compress, so that the record shows what the client sends. */
const Legible = class extends WebSocket {
  constructor(url: string, protocols?: string | string[]) {
    super(url, protocols, { perMessageDeflate: false, generateMask: (mask) => void mask.fill(0) })
  }
} as unknown as WebSocketConstructor

/** Publishes some events, one after the other and then many at once, and answers their ids and the record. */
async function publishUnderTrace(script?: string): Promise<{ ids: string[]; record: string }> {
  const trace = (directory: string) => join(directory, 'trace')
  const server = await ServerProcess.start({
    under: (directory) => [
      'strace',
      ...[
        '-f',
        '--seccomp-bpf',
        '-s',
        '65536',
        '-e',
        `trace=${calls}`,
        '-e',
        'signal=none',
        '-o',
        trace(directory),
      ],
    ],
    ...(script === undefined ? {} : { script }),
  })
  try {
    const client = createClient({ url: server.url, token: await server.token('ada'), WebSocket: Legible })
    await client.connect()
    const ids: string[] = []
    const publish = (id: string) => {
      ids.push(id)
      return client.channels.publish({ channel, id, data: 'to be kept' })
    }
    for (let count = 0; count < 5; count++) await publish(`alone-${count}.`)
    await Promise.all(Array.from({ length: 50 }, (_, count) => publish(`among-many-${count}.`)))
    client.disconnect()
    await server.stop()
    return { ids, record: readFileSync(trace(server.directory), 'utf8') }
  } finally {
    await server.remove()
  }
}

type Call =
  | { readonly kind: 'received' | 'sent'; readonly line: string }
  /** A sync that succeeded: the lines of the record at which it began and ended. */
  | { readonly kind: 'synced'; readonly begin: number; readonly end: number }

/** The calls of a record, which has one line for each, or two for one that others came in between of. */
function callsOf(record: string): (Call | undefined)[] {
  const begun = new Map<string, number>()
  return record.split('\n').map((line, at) => {
    const [, thread = '', resumed, name = ''] = /^(\d+) +(<\.\.\. )?(\w+)/.exec(line) ?? []
    if (name === 'read' || name === 'recvfrom') return { kind: 'received', line }
    if (name !== 'fsync' && name !== 'fdatasync') return { kind: 'sent', line }
    if (resumed === undefined) begun.set(thread, at)
    return line.endsWith('= 0') ? { kind: 'synced', begin: begun.get(thread) ?? at, end: at } : undefined
  })
}

/** The texts that were sent to a client before a sync that began after their receipt had come back. */
function sentUnsynced(record: string, texts: readonly string[]): string[] {
  const calls = callsOf(record)
  const firstAt = (kind: 'received' | 'sent', text: string) => {
    const at = calls.findIndex((call) => call?.kind === kind && call.line.includes(text))
    if (at < 0) throw new Error(`The record does not show that ${text} was ${kind}.`)
    return at
  }
  return texts.filter((text) => {
    const [received, sent] = [firstAt('received', text), firstAt('sent', text)]
    const isBetween = (call: Call | undefined) =>
      call?.kind === 'synced' && call.begin > received && call.end < sent
    return !calls.some(isBetween)
  })
}

test.skipIf(missing)(`no ack leaves the server before its event is on disk${missing}`, async () => {
  const { ids, record } = await publishUnderTrace()
  expect(sentUnsynced(record, ids)).toEqual([])
})

test.skipIf(missing)(`a server with synchronous=OFF is noticed${missing}`, async () => {
  const { ids, record } = await publishUnderTrace(canary)
  expect(sentUnsynced(record, ids)).toEqual(ids)
})
