import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { fileLink, type Uploadable, type UploadOptions, uploadFile } from './upload.ts'

const text = (length: number) =>
  Array.from({ length }, (_, at) => String.fromCharCode(97 + (at % 26))).join('')

/** What the server does with the next request, instead of what it should. */
type Fault = 'fine' | 'away' | 'answer lost' | 'half' | number

/** A server that keeps one upload, and a client that is connected to it. */
function setUp({ url = 'wss://parley.example/realtime' } = {}) {
  const state = {
    received: '',
    size: 0,
    faults: [] as Fault[],
    requests: [] as string[],
    calls: [] as [string, unknown][],
    onRequest: (() => undefined) as (method: string) => void,
  }
  const client = {
    url,
    async call(command: string, input: unknown) {
      state.calls.push([command, input])
      if (command === 'files.get') return { file: 'f1', status: 'ready', size: state.size }
      if (command === 'files.url') return { url: '/api/files/f1/content?x=1', expiresAt: 7 }
      state.size = (input as { size: number }).size
      return { file: 'f1', upload: '/api/files/uploads/f1?ticket=t', expiresAt: 1 }
    },
  }
  const answer = (status: number, headers = {}, body?: object) =>
    new Response(body === undefined ? null : JSON.stringify(body), { status, headers })
  const standing = () => answer(204, { 'upload-offset': String(state.received.length) })
  const take = async (init: RequestInit, share: number) => {
    const offset = Number(new Headers(init.headers).get('upload-offset'))
    if (offset !== state.received.length)
      return answer(409, {}, { code: 'files.offset_mismatch', message: 'Not there.', retryable: false })
    const bytes = await new Response(init.body as BodyInit).text()
    state.received += bytes.slice(0, Math.ceil(bytes.length * share))
    return standing()
  }
  const fakeFetch = async (input: unknown, init: RequestInit = {}) => {
    init.signal?.throwIfAborted()
    const method = init.method ?? 'GET'
    state.requests.push(`${method} ${input}`)
    state.onRequest(method)
    init.signal?.throwIfAborted()
    const fault = method === 'DELETE' ? undefined : state.faults.shift()
    if (typeof fault === 'number')
      return answer(fault, {}, { code: 'overloaded', message: 'No.', retryable: true })
    if (fault === 'away') throw new TypeError('fetch failed')
    const response = method === 'PATCH' ? await take(init, fault === 'half' ? 0.5 : 1) : standing()
    if (fault !== undefined && fault !== 'fine') throw new TypeError('fetch failed')
    return response
  }
  const clock = new ManualClock()
  const upload = async (file: Uploadable, options: UploadOptions = {}) => {
    let isOver = false
    const done = uploadFile(client, file, {
      clock,
      fetch: fakeFetch as typeof fetch,
      partBytes: 100,
      ...options,
    })
    const over = done.finally(() => {
      isOver = true
    })
    over.catch(() => undefined)
    while (!isOver) {
      await clock.advance(1_000)
    }
    return done
  }
  return { state, client, clock, upload }
}

test('a file is announced, sent in parts, and answered as the server describes it', async () => {
  const { state, upload } = setUp()
  const progress: number[] = []
  const file = new File([text(250)], 'letters.txt', { type: 'text/plain;charset=utf-8' })
  const done = await upload(file, {
    purpose: 'note',
    onProgress: ({ sent, total }) => progress.push(sent, total),
  })
  expect(done).toMatchObject({ file: 'f1', status: 'ready', size: 250 })
  expect(state.received).toBe(text(250))
  expect(state.calls).toEqual([
    ['files.begin', { name: 'letters.txt', size: 250, type: 'text/plain', purpose: 'note' }],
    ['files.get', { file: 'f1', wait: true }],
  ])
  expect(state.requests).toEqual(Array(3).fill('PATCH https://parley.example/api/files/uploads/f1?ticket=t'))
  expect(progress).toEqual([0, 250, 100, 250, 200, 250, 250, 250])
})

test('bytes, and blobs without a name, go as well', async () => {
  const { state, upload } = setUp()
  await upload(new TextEncoder().encode(text(150)), { name: 'bytes.bin' })
  expect(state.received).toBe(text(150))
  const other = setUp()
  await other.upload(new Blob(['abc']))
  expect(other.state.calls[0]).toEqual(['files.begin', { name: 'file', size: 3 }])
})

test('an empty file needs no part, but a question that finishes it', async () => {
  const { state, upload } = setUp()
  await upload(new Blob([]), { name: 'empty' })
  expect(state.requests).toEqual(['HEAD https://parley.example/api/files/uploads/f1?ticket=t'])
})

test.each<[string, Fault[]]>([
  ['a server that cannot be reached', ['away', 'away', 'away']],
  ['an answer that is lost', ['answer lost']],
  ['a part of which half arrives', ['half']],
  ['a server that has too much to do', [503, 429, 502]],
  ['somebody else at the same upload', [423, 409]],
  ['one thing after the other', ['half', 'away', 503, 'answer lost', 'away', 'half']],
])('it goes on after %s', async (_what, faults) => {
  const { state, upload } = setUp()
  state.faults.push(...faults)
  await upload(new Blob([text(350)]))
  expect(state.received).toBe(text(350))
  expect(state.faults).toEqual([])
})

test('it ends when nothing moves any more, and not while something does', async () => {
  const { state, upload } = setUp()
  state.faults.push(...Array<Fault>(100).fill('away'))
  await expect(upload(new Blob([text(350)]), { maxAttempts: 4 })).rejects.toMatchObject({
    code: 'unavailable',
  })
  expect(state.requests).toHaveLength(4)
  const moving = setUp()
  // Each part needs three attempts, which together are more than four.
  moving.state.faults.push(...Array<Fault[]>(4).fill(['away', 'away', 'fine', 'half', 'fine']).flat())
  await moving.upload(new Blob([text(350)]), { maxAttempts: 4 })
  expect(moving.state.received).toBe(text(350))
})

test('pauses grow, are jittered, and are as long as the server says', async () => {
  const { state, clock, client } = setUp()
  state.faults.push('away', 'away')
  clock.randoms.push(0.5, 0.5)
  const done = uploadFile(client, new Blob(['x']), {
    clock,
    fetch: (async () => {
      const fault = state.faults.shift()
      if (fault === 'away') throw new TypeError('fetch failed')
      return new Response(null, { status: 204, headers: { 'upload-offset': '1' } })
    }) as typeof fetch,
  })
  await clock.advance(249)
  expect(state.faults).toHaveLength(1)
  await clock.advance(1)
  expect(state.faults).toHaveLength(0)
  await clock.advance(499)
  expect(clock.pending).toBe(1)
  await clock.advance(1)
  await done
  expect(clock.pending).toBe(0)
})

test.each([
  [415, 'files.type_refused'],
  [413, 'files.quota_exceeded'],
  [404, 'not_found'],
  [401, 'unauthenticated'],
])('what will not change is told at once: %i', async (status, code) => {
  const { client, clock } = setUp()
  const asked: unknown[] = []
  const done = uploadFile(client, new Blob(['x']), {
    clock,
    fetch: (async (input: unknown) => {
      asked.push(input)
      return new Response(JSON.stringify({ code, message: 'No.', retryable: false }), { status })
    }) as typeof fetch,
  })
  await expect(done).rejects.toMatchObject({ code })
  await expect(done).rejects.toBeInstanceOf(ParleyError)
  expect(asked).toHaveLength(1)
})

test('an upload that is aborted is given up, here and there, also while it pauses', async () => {
  const stop = new AbortController()
  const { state, upload } = setUp()
  state.onRequest = (method) => {
    if (state.received.length === 200 && method === 'PATCH') stop.abort()
  }
  await expect(upload(new Blob([text(350)]), { signal: stop.signal })).rejects.toMatchObject({
    code: 'cancelled',
  })
  expect(state.requests.at(-1)).toMatch(/^DELETE /)
  const pausing = setUp()
  pausing.state.faults.push(...Array<Fault>(100).fill('away'))
  const later = new AbortController()
  const done = uploadFile(pausing.client, new Blob(['x']), {
    clock: pausing.clock,
    signal: later.signal,
    fetch: (async () => {
      throw new TypeError('fetch failed')
    }) as typeof fetch,
  })
  await new Promise(setImmediate)
  later.abort()
  await expect(done).rejects.toMatchObject({ code: 'cancelled' })
  expect(pausing.clock.pending).toBe(0)
})

test.each([
  ['ws://127.0.0.1:3001/ws', undefined, 'http://127.0.0.1:3001'],
  ['https://parley.example', undefined, 'https://parley.example'],
  ['wss://socket.example/realtime', 'https://api.example', 'https://api.example'],
  ['wss://parley.example/chat/ws', 'https://parley.example/chat/', 'https://parley.example/chat'],
])('a client at %s with %s sends to %s', async (url, baseUrl, origin) => {
  const { state, upload, client } = setUp({ url })
  await upload(new Blob(['x']), { baseUrl })
  expect(state.requests[0]).toBe(`PATCH ${origin}/api/files/uploads/f1?ticket=t`)
  const link = await fileLink(client, 'f1', {
    variant: 'thumbnail',
    ...(baseUrl === undefined ? {} : { baseUrl }),
  })
  expect(link).toEqual({ url: `${origin}/api/files/f1/content?x=1`, expiresAt: 7 })
  expect(state.calls.at(-1)).toEqual(['files.url', { file: 'f1', variant: 'thumbnail' }])
})
