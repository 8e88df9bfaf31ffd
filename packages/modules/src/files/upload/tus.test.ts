import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { filesNode, patch, pieces, user } from '../testing/files-node.ts'

const [ada, bob] = [user('ada'), user('bob')]
const base64 = (text: string) => Buffer.from(text).toString('base64')
const at = (file: string) => `/files/uploads/${file}`
const created = (size: number, metadata: string, headers = {}) => ({
  method: 'POST',
  path: '/files/uploads',
  headers: { 'upload-length': String(size), 'upload-metadata': metadata, ...headers },
})
const fileIn = (location = '') => /uploads\/([\w-]+)/.exec(location)?.[1] ?? ''

test('an upload is made, asked after, sent and given up', async () => {
  const t = await filesNode()
  const metadata = `filename ${base64('Ünïcode 日本.txt')},filetype ${base64('text/plain;charset=utf-8')},purpose ${base64('note')},relativePath ${base64('null')}`
  const { status, headers } = await t.ask(ada, created(10, metadata))
  expect([status, headers?.['tus-resumable']]).toEqual([201, '1.0.0'])
  const file = fileIn(headers?.location)
  expect(Date.parse(headers?.['upload-expires'] ?? '')).toBe(t.clock.now() + 86_400_000)
  const asked = await t.ask(ada, { method: 'HEAD', path: at(file) })
  expect(asked).toMatchObject({
    status: 200,
    headers: {
      'upload-offset': '0',
      'upload-length': '10',
      'cache-control': 'no-store',
      'upload-metadata': `filename ${base64('Ünïcode 日本.txt')},filetype ${base64('text/plain')},purpose ${base64('note')}`,
    },
  })
  expect(await t.ask(ada, patch(file, 0, 'words'))).toMatchObject({
    status: 204,
    headers: { 'upload-offset': '5' },
  })
  expect((await t.ask(ada, { method: 'DELETE', path: at(file) })).status).toBe(204)
  expect((await t.ask(ada, { method: 'HEAD', path: at(file) })).status).toBe(404)
})

test('the first bytes may come with the upload itself', async () => {
  const t = await filesNode()
  const first = {
    ...created(10, `filename ${base64('a.txt')}`, { 'content-type': 'application/offset+octet-stream' }),
    bytes: pieces('words'),
  }
  const { status, headers } = await t.ask(ada, first)
  expect([status, headers?.['upload-offset']]).toEqual([201, '5'])
  const whole = {
    ...created(5, '', { 'content-type': 'application/offset+octet-stream' }),
    bytes: pieces('words'),
  }
  const file = fileIn((await t.ask(ada, whole)).headers?.location)
  expect(await t.get(ada, file)).toMatchObject({ status: 'ready', name: 'file' })
})

test.each<[number, string, (file: string) => Parameters<Awaited<ReturnType<typeof filesNode>>['ask']>[1]]>([
  [409, 'files.offset_mismatch', (file) => patch(file, 3, 'x')],
  [415, 'files.unsupported_type', (file) => patch(file, 0, 'x', { 'content-type': 'text/plain' })],
  [412, 'files.unsupported_version', (file) => patch(file, 0, 'x', { 'tus-resumable': '0.2.2' })],
  [400, 'bad_request', (file) => patch(file, 0, 'x', { 'upload-offset': '-1' })],
  [400, 'bad_request', (file) => patch(file, 0, 'x', { 'upload-checksum': 'crc32 AAAA' })],
  [413, 'payload_too_large', (file) => patch(file, 0, 'eleven bytes')],
  [
    460,
    'files.checksum_mismatch',
    (file) => patch(file, 0, 'x', { 'upload-checksum': `sha1 ${base64('no')}` }),
  ],
  [404, 'not_found', () => patch('x'.repeat(20), 0, 'x')],
  [400, 'bad_request', () => created(-1, '')],
  [400, 'bad_request', () => created(1, `filename ${'%'.repeat(9)}`)],
  [400, 'bad_request', () => created(1, `filename ${Buffer.of(0xff, 0xfe).toString('base64')}`)],
  [413, 'files.too_large', () => created(10 ** 12, '')],
  [
    400,
    'bad_request',
    (file) => ({ method: 'POST', path: at(file), headers: { 'x-http-method-override': 'TRACE' } }),
  ],
])('%i %s', async (status, code, request) => {
  const t = await filesNode()
  const file = await t.begin(ada, { name: 'a.txt', size: 10 })
  const answer = await t.ask(ada, request(file))
  expect([answer.status, (answer.body as { code: string }).code]).toEqual([status, code])
  expect(answer.headers?.['tus-resumable']).toBe('1.0.0')
})

test('a checked part is taken whole or not at all', async () => {
  const t = await filesNode({ limits: { maxCheckedBytes: 8 } })
  const file = await t.begin(ada, { name: 'a.txt', size: 20 })
  const checked = (offset: number, words: string, algorithm = 'sha256') =>
    t.ask(
      ada,
      patch(file, offset, words, {
        'upload-checksum': `${algorithm} ${createHash(algorithm).update(words).digest('base64')}`,
      }),
    )
  expect((await checked(0, 'words')).status).toBe(204)
  expect((await checked(5, 'more', 'md5')).status).toBe(204)
  expect((await checked(9, 'nine bytes')).status).toBe(413)
  expect((await t.get(ada, file)).received).toBe(9)
})

test('only so many checked parts are held at once', async () => {
  const t = await filesNode({ limits: { maxCheckedParts: 1 } })
  const [one, two] = [await t.begin(ada, { name: 'a', size: 5 }), await t.begin(ada, { name: 'b', size: 5 })]
  const gate = Promise.withResolvers<void>()
  async function* slow() {
    yield* pieces('wo')
    await gate.promise
    yield* pieces('rds')
  }
  const sum = { 'upload-checksum': `sha1 ${createHash('sha1').update('words').digest('base64')}` }
  const first = t.ask(ada, patch(one, 0, slow(), sum))
  await t.clock.settle()
  expect(await t.ask(ada, patch(two, 0, 'words', sum))).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
  })
  gate.resolve()
  expect((await first).status).toBe(204)
  expect((await t.ask(ada, patch(two, 0, 'words', sum))).status).toBe(204)
})

test('who comes back takes the place of a connection that hangs', async () => {
  const t = await filesNode()
  const file = await t.begin(ada, { name: 'a.txt', size: 11 })
  async function* hanging() {
    yield* pieces('hello ')
    await new Promise(() => undefined)
  }
  const stalled = t.ask(ada, patch(file, 0, hanging()))
  await t.clock.settle()
  const { headers } = await t.ask(ada, { method: 'HEAD', path: at(file) })
  expect(headers?.['upload-offset']).toBe('6')
  expect(await stalled).toMatchObject({ status: 409, body: { code: 'conflict' } })
  expect((await t.ask(ada, patch(file, 6, 'world'))).status).toBe(204)
  expect(await t.get(ada, file)).toMatchObject({ status: 'ready' })
})

test('removing a file stops who still sends it', async () => {
  const t = await filesNode()
  const file = await t.begin(ada, { name: 'a.txt', size: 11 })
  async function* hanging() {
    yield* pieces('hello ')
    await new Promise(() => undefined)
  }
  const stalled = t.ask(ada, patch(file, 0, hanging()))
  await t.clock.settle()
  await t.call(ada, 'files.remove', { file })
  expect((await stalled).status).toBe(409)
  expect(await t.blobs.received(`default/${file.slice(0, 2)}/${file}`)).toBe(0)
})

test('the ticket of an upload is good for sending it, without credentials, and for nothing else', async () => {
  const t = await filesNode()
  const begin = () => t.call<{ file: string; upload: string }>(ada, 'files.begin', { name: 'a.txt', size: 5 })
  const { file, upload } = await begin()
  const path = upload.replace('/api', '')
  const ask = (request: Parameters<typeof t.ask>[1], to = path) => t.ask(undefined, { ...request, path: to })
  const other = (await begin()).upload.replace('/api', '')
  expect((await ask(patch(file, 0, 'x'), at(file))).status).toBe(401)
  expect((await ask(patch(file, 0, 'x'), `${at(file)}?${other.split('?')[1]}`)).status).toBe(401)
  expect((await ask(patch(file, 0, 'x'), path.replace('app=default', 'app=other'))).status).toBe(401)
  expect((await t.ask(bob, { ...patch(file, 0, 'x'), path })).status).toBe(404)
  expect((await ask(created(5, ''), '/files/uploads')).status).toBe(401)
  expect((await ask({ method: 'HEAD', path })).status).toBe(200)
  expect((await ask(patch(file, 0, 'words'))).status).toBe(204)
  // It was for the upload, which is over.
  expect((await ask({ method: 'DELETE', path })).status).toBe(404)
  expect(await t.get(ada, file)).toMatchObject({ status: 'ready' })
  expect((await ask({ method: 'DELETE', path: other }, other)).status).toBe(204)
})

test('surroundings that know POST alone say what they mean by a header', async () => {
  const t = await filesNode()
  const file = await t.begin(ada, { name: 'a.txt', size: 5 })
  const meant = (method: string, request = patch(file, 0, 'words')) =>
    t.ask(ada, {
      ...request,
      method: 'POST',
      headers: { ...request.headers, 'x-http-method-override': method },
    })
  expect((await meant('PATCH')).status).toBe(204)
  expect((await meant('DELETE')).status).toBe(204)
})

test('an upload whose last byte came before a crash is finished by the next question', async () => {
  const t = await filesNode()
  const file = await t.begin(ada, { name: 'a.txt', size: 5 })
  await t.blobs.append(`default/${file.slice(0, 2)}/${file}`, 0, pieces('words'))
  expect(await t.get(ada, file)).toMatchObject({ status: 'uploading', received: 5 })
  expect((await t.ask(ada, { method: 'HEAD', path: at(file) })).headers?.['upload-offset']).toBe('5')
  expect(await t.get(ada, file)).toMatchObject({ status: 'ready' })
})
