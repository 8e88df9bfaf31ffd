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

/** Masks with zeros, so that the record shows what the client sends. */
const Legible = class extends WebSocket {
  constructor(url: string, protocols?: string | string[]) {
    super(url, protocols, { generateMask: (mask) => void mask.fill(0) })
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

interface Seen {
  /** Line of the record at which the text was received first, and first sent. */
  received: number
  sent: number
}

/** The texts that were sent to a client before a sync that began after their receipt had come back. */
function sentUnsynced(record: string, texts: readonly string[]): string[] {
  const seen = new Map<string, Seen>(texts.map((text) => [text, { received: -1, sent: -1 }]))
  /** Lines of begin and end of each sync that succeeded. */
  const syncs: (readonly [begin: number, end: number])[] = []
  const begun = new Map<string, number>()
  for (const [at, line] of record.split('\n').entries()) {
    const [, thread = '', call = ''] = /^(\d+) +(?:<\.\.\. )?(\w+)/.exec(line) ?? []
    if (call === 'fsync' || call === 'fdatasync') {
      if (!line.includes('resumed>')) begun.set(thread, at)
      if (/= 0$/.test(line)) syncs.push([begun.get(thread) ?? at, at])
      continue
    }
    const isReceipt = call === 'read' || call === 'recvfrom'
    for (const [text, place] of seen) {
      if (!line.includes(text)) continue
      if (isReceipt && place.received < 0) place.received = at
      if (!isReceipt && place.sent < 0) place.sent = at
    }
  }
  for (const [text, { received, sent }] of seen)
    if (received < 0 || sent < received) throw new Error(`The record shows no receipt and ack of ${text}`)
  return texts.filter((text) => {
    const { received, sent } = seen.get(text) as Seen
    return !syncs.some(([begin, end]) => begin > received && end < sent)
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
