import type { BlobStore } from '@parley/kernel'
import { silentLogger } from '@parley/kernel/memory'
import { checkBlobStore } from '@parley/kernel/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { type FakeS3, type FakeS3Options, fakeS3 } from './s3/testing/fake-s3.ts'
import { type S3BlobStoreOptions, s3BlobStore } from './s3.ts'

const account = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  region: 'eu-central-1',
  bucket: 'attachments',
}
const partBytes = 1_000

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

async function start(options: Partial<FakeS3Options> = {}, over: Partial<S3BlobStoreOptions> = {}) {
  const s3 = await fakeS3({ ...account, minPartBytes: partBytes, maxListedParts: 2, ...options })
  cleanups.push(() => s3.close())
  const reopen = () => s3BlobStore({ ...account, endpoint: s3.url, partBytes, logger: silentLogger, ...over })
  return { s3, blobs: reopen(), reopen }
}

describe('the blob store on S3', () => {
  checkBlobStore(
    test,
    async () => {
      const { s3, blobs, reopen } = await start()
      return {
        blobs,
        reopen: async () => reopen(),
        holds: async (text) => holds(s3, text),
        close: async () => undefined,
      }
    },
    { partBytes },
  )
})

function holds({ objects, uploads }: FakeS3, text: string): boolean {
  const kept = [...objects.values()].map(({ bytes }) => bytes)
  for (const { parts } of uploads.values()) kept.push(...parts.values())
  return kept.some((bytes) => bytes.includes(text))
}

async function* bytes(...pieces: (string | Buffer)[]): AsyncIterable<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece)
}

async function read(blobs: BlobStore, key: string): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of blobs.read(key)) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

const letters = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => String.fromCharCode(97 + ((at + from) % 26))).join('')

test('a small blob is one object, and nothing is left beside it', async () => {
  const { s3, blobs } = await start()
  await blobs.append('app/small', 0, bytes('words'))
  await blobs.finish('app/small', 5)
  expect([...s3.objects.keys()]).toEqual(['app/small'])
  expect(s3.uploads.size).toBe(0)
})

test('a large one is sent in parts of one size, and nothing is left beside it', async () => {
  const { s3, blobs } = await start()
  await blobs.append('app/large', 0, bytes(letters(700), letters(700, 700), letters(2_000, 1_400)))
  const [upload] = s3.uploads.values()
  expect([...(upload?.parts.values() ?? [])].map(({ length }) => length)).toEqual([1_000, 1_000, 1_000])
  await blobs.append('app/large', 3_400, bytes(letters(10, 3_400)))
  await blobs.finish('app/large', 3_410)
  expect([...s3.objects.keys()]).toEqual(['app/large'])
  expect(s3.uploads.size).toBe(0)
  expect(await read(blobs, 'app/large')).toBe(letters(3_410))
})

test('keys are below a prefix', async () => {
  const { s3, blobs } = await start({}, { prefix: 'parley/' })
  await blobs.append('app/x', 0, bytes('words'))
  await blobs.finish('app/x', 5)
  expect([...s3.objects.keys()]).toEqual(['parley/app/x'])
})

test('a wrong secret is refused, and says so to who runs the server', async () => {
  const told: unknown[] = []
  const logger = { ...silentLogger, error: (_message: string, fields?: object) => told.push(fields) }
  const { blobs } = await start({}, { secretAccessKey: 'another', logger })
  await expect(blobs.append('app/x', 0, bytes('words'))).rejects.toMatchObject({ code: 'unavailable' })
  expect(JSON.stringify(told)).not.toContain('another')
  const { s3, blobs: writing } = await start({}, { logger })
  s3.interfere = ({ method }) => (method === 'PUT' ? 403 : undefined)
  await expect(writing.append('app/x', 0, bytes('words'))).rejects.toMatchObject({ code: 'unavailable' })
  expect(told).toContainEqual({ method: 'PUT', answer: 'status 403 SlowDown' })
})

test('what fails for a moment is tried again', async () => {
  const { s3, blobs } = await start()
  let failures = 0
  s3.interfere = () => (failures++ % 2 === 0 ? 503 : undefined)
  await blobs.append('app/x', 0, bytes(letters(2_500)))
  await blobs.finish('app/x', 2_500)
  expect(await read(blobs, 'app/x')).toBe(letters(2_500))
})

test('a part that cannot be sent is told, and the upload goes on from what is there', async () => {
  const { s3, blobs, reopen } = await start()
  s3.interfere = ({ url }) => (url.searchParams.get('partNumber') === '2' ? 503 : undefined)
  await expect(blobs.append('app/x', 0, bytes(letters(3_500)))).rejects.toMatchObject({ code: 'unavailable' })
  s3.interfere = () => undefined
  const again = reopen()
  const stands = await again.received('app/x')
  expect(stands).toBeGreaterThanOrEqual(1_000)
  await again.append('app/x', stands, bytes(letters(4_000 - stands, stands)))
  await again.finish('app/x', 4_000)
  expect(await read(again, 'app/x')).toBe(letters(4_000))
})

test.each([
  [
    'when the upload is opened',
    ({ method, url }: { method: string; url: URL }) => method === 'POST' && url.searchParams.has('uploads'),
  ],
  ['before the first part', ({ url }: { url: URL }) => url.searchParams.get('partNumber') === '1'],
  [
    'before the tail is kept',
    ({ method, url }: { method: string; url: URL }) => method === 'PUT' && url.pathname.endsWith('.tail'),
  ],
  [
    'when the parts are joined',
    ({ method, url }: { method: string; url: URL }) => method === 'POST' && url.searchParams.has('uploadId'),
  ],
  [
    'when the rest is cleared away',
    ({ method, url }: { method: string; url: URL }) => method === 'DELETE' && url.pathname.endsWith('.tail'),
  ],
])('a crash %s loses nothing that was acknowledged, and doubles nothing', async (_moment, isIt) => {
  const { s3, blobs, reopen } = await start()
  const whole = letters(3_456)
  await blobs.append('app/x', 0, bytes(whole.slice(0, 400)))
  // From the moment on nothing reaches the store: as if the process had been killed.
  let isDead = false
  s3.interfere = (request) => {
    isDead ||= isIt(request)
    return isDead ? 403 : undefined
  }
  const rest = async (store: BlobStore, from: number) => {
    if (from < whole.length) await store.append('app/x', from, bytes(whole.slice(from)))
    await store.finish('app/x', whole.length)
  }
  await rest(blobs, 400).catch(() => undefined)
  expect(isDead).toBe(true)
  s3.interfere = () => undefined
  const again = reopen()
  if ((await again.size('app/x')) === undefined) {
    const stands = await again.received('app/x')
    expect(stands).toBeGreaterThanOrEqual(400)
    await rest(again, stands)
  } else await again.finish('app/x', whole.length)
  expect(await read(again, 'app/x')).toBe(whole)
  expect([...s3.objects.keys()]).toEqual(['app/x'])
})

test('removing an upload gives its parts up', async () => {
  const { s3, blobs } = await start()
  await blobs.append('app/x', 0, bytes(letters(2_500)))
  expect(s3.uploads.size).toBe(1)
  await blobs.remove('app/x')
  expect([s3.uploads.size, s3.objects.size]).toEqual([0, 0])
})

test('one more than may be written at once is refused, and has its turn later', async () => {
  const { blobs } = await start({}, { maxWriting: 1 })
  const gate = Promise.withResolvers<void>()
  async function* slow() {
    yield* bytes('slow')
    await gate.promise
  }
  const first = blobs.append('app/x', 0, slow())
  await expect(blobs.append('app/y', 0, bytes('y'))).rejects.toMatchObject({ code: 'overloaded' })
  gate.resolve()
  await first
  expect(await blobs.append('app/y', 0, bytes('y'))).toBe(1)
})

test('a store that fails again and again is left alone for a while, and nobody waits for it', async () => {
  let elapsed = 0
  const { s3, blobs } = await start({}, { clock: { elapsed: () => elapsed } })
  let asked = 0
  s3.interfere = () => {
    asked += 1
    return 503
  }
  const failing = Array.from({ length: 5 }, () => blobs.size('app/x').catch((error) => error.code))
  expect(await Promise.all(failing)).toEqual(Array.from({ length: 5 }, () => 'unavailable'))
  const askedBefore = asked
  await expect(blobs.size('app/x')).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 10_000 })
  expect(asked).toBe(askedBefore)
  s3.interfere = () => undefined
  elapsed += 10_000
  expect(await blobs.size('app/x')).toBeUndefined()
})

test('an endpoint that is none is named at once', () => {
  const options = { ...account, endpoint: 'nonsense', logger: silentLogger }
  expect(() => s3BlobStore(options)).toThrow('`nonsense` is not the URL of an object store.')
})
