import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, createClient } from '@parley/client'
import { fileLink, uploadFile } from '@parley/client/upload'
import sharp from 'sharp'
import * as tus from 'tus-js-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runningServer, type TestServer } from './running-server.ts'

const kilobyte = 1_024
const part = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' }

let server: TestServer
const clients: Client[] = []

async function token(name: string): Promise<string> {
  const response = await fetch(`${server.url}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  return ((await response.json()) as { token: string }).token
}

async function connected(name: string): Promise<Client> {
  const client = createClient({ url: server.url.replace('http', 'ws'), token: await token(name) })
  clients.push(client)
  await client.connect()
  return client
}

beforeAll(async () => {
  server = await runningServer({
    files: { maxFileBytes: 3_000 * kilobyte, userQuotaBytes: 8_000 * kilobyte },
  })
})

afterAll(async () => {
  for (const client of clients) client.disconnect()
  await server.remove()
})

/** Begins an upload as a tus client does, and answers where it is. */
async function begin(
  bearer: string,
  size: number,
  metadata: Readonly<Record<string, string>>,
): Promise<Response> {
  const pairs = Object.entries(metadata).map(
    ([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`,
  )
  return fetch(`${server.url}/api/files/uploads`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${bearer}`,
      'tus-resumable': '1.0.0',
      'upload-length': String(size),
      'upload-metadata': pairs.join(','),
    },
  })
}

const address = (response: Response) => new URL(response.headers.get('location') ?? '', server.url).href
const fileOf = (response: Response) => new URL(address(response)).pathname.split('/').at(-1) ?? ''

function send(
  url: string,
  offset: number,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'PATCH',
    headers: { ...part, 'upload-offset': String(offset), ...headers },
    body: new Uint8Array(body),
  })
}

const standing = async (url: string) => {
  const { status, headers } = await fetch(url, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } })
  return [status, Number(headers.get('upload-offset'))]
}

/** Whether any file of the server's data holds some bytes. */
function isOnDisk(bytes: Buffer): boolean {
  const folder = join(server.directory, 'data')
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(bytes))
}

test('a photograph is sent, made small, shown by link, and gone without a trace', async () => {
  const ada = await connected('Ada')
  const pixels = { width: 1_600, height: 800, channels: 3 as const, background: '#0b6660' }
  const photo = await sharp({ create: pixels }).withMetadata({ orientation: 6 }).jpeg().toBuffer()
  const name = 'harbour at dawn.jpg'
  const seen: number[] = []
  const info = await uploadFile(ada, new File([new Uint8Array(photo)], name, { type: 'image/jpeg' }), {
    onProgress: ({ sent }) => seen.push(sent),
  })
  expect(info).toMatchObject({
    name,
    type: 'image/jpeg',
    size: photo.length,
    status: 'ready',
    thumbnail: true,
  })
  expect([info.width, info.height]).toEqual([800, 1_600])
  expect(info.placeholder).toMatch(/^data:image\/webp;base64,/)
  expect(seen.at(-1)).toBe(photo.length)

  const original = await fetch((await fileLink(ada, info.file)).url)
  expect(Object.fromEntries(original.headers)).toMatchObject({
    'content-type': 'image/jpeg',
    'content-disposition': expect.stringContaining(`inline; filename="${name}"`),
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox'),
  })
  expect(Buffer.from(await original.arrayBuffer()).equals(photo)).toBe(true)
  const small = await fetch((await fileLink(ada, info.file, { variant: 'thumbnail' })).url)
  const { width, height, format } = await sharp(Buffer.from(await small.arrayBuffer())).metadata()
  expect([width, height, format]).toEqual([320, 640, 'webp'])

  expect(isOnDisk(photo.subarray(0, 500))).toBe(true)
  await ada.call('files.remove', { file: info.file })
  expect(isOnDisk(photo.subarray(0, 500))).toBe(false)
  // Erased at once for readers; from the pages of the database a moment later.
  await expect.poll(() => isOnDisk(Buffer.from('harbour at dawn')), { timeout: 20_000 }).toBe(false)
  expect((await fetch(original.url)).status).toBe(404)
})

test('a part is read by range', async () => {
  const ada = await connected('Ada')
  const { file } = await uploadFile(ada, new Blob(['0123456789']), { name: 'digits.txt' })
  const { url } = await fileLink(ada, file)
  const answer = await fetch(url, { headers: { range: 'bytes=3-5' } })
  expect([answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
    206,
    '345',
    'bytes 3-5/10',
  ])
  const again = await fetch(url, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } })
  expect(again.status).toBe(304)
})

test('a connection that breaks in the middle loses nothing that had come', async () => {
  const bearer = await token('Bea')
  const bytes = randomBytes(900 * kilobyte)
  const begun = await begin(bearer, bytes.length, { filename: 'noise.bin' })
  expect(begun.status).toBe(201)
  const url = address(begun)
  const stop = new AbortController()
  async function* broken() {
    yield bytes.subarray(0, 300 * kilobyte)
    await expect.poll(async () => isOnDisk(bytes.subarray(0, 1_000))).toBe(true)
    stop.abort()
    yield bytes.subarray(300 * kilobyte)
  }
  const headers = { ...part, 'upload-offset': '0' }
  const body = broken() as unknown as BodyInit
  await expect(
    fetch(url, { method: 'PATCH', headers, body, duplex: 'half', signal: stop.signal } as RequestInit),
  ).rejects.toThrow()
  const [, offset = 0] = await standing(url)
  expect(offset).toBeGreaterThan(0)
  expect(offset).toBeLessThanOrEqual(300 * kilobyte)
  expect((await send(url, 0, bytes)).status).toBe(409)
  const rest = await send(url, offset, bytes.subarray(offset))
  expect([rest.status, rest.headers.get('upload-offset')]).toEqual([204, String(bytes.length)])
  const bea = await connected('Bea')
  const link = await fileLink(bea, fileOf(begun))
  expect(Buffer.from(await (await fetch(link.url)).arrayBuffer()).equals(bytes)).toBe(true)
})

test('a part that is not what its checksum says is dropped whole', async () => {
  const bearer = await token('Bea')
  const bytes = Buffer.from('the bytes of a part')
  const url = address(await begin(bearer, bytes.length, { filename: 'part.txt' }))
  const checksum = (of: Buffer, algorithm = 'sha1') =>
    `${algorithm} ${createHash(algorithm).update(of).digest('base64')}`
  const wrong = await send(url, 0, bytes, { 'upload-checksum': checksum(Buffer.from('others')) })
  expect([wrong.status, ((await wrong.json()) as { code: string }).code]).toEqual([
    460,
    'files.checksum_mismatch',
  ])
  expect(await standing(url)).toEqual([200, 0])
  expect((await send(url, 0, bytes, { 'upload-checksum': 'crc32 AAAA' })).status).toBe(400)
  expect((await send(url, 0, bytes, { 'upload-checksum': checksum(bytes, 'sha256') })).status).toBe(204)
})

test('what is too large, too much, or not what it says is refused', async () => {
  const bearer = await token('Cleo')
  const tooLarge = await begin(bearer, 3_001 * kilobyte, { filename: 'film.mp4' })
  expect([tooLarge.status, await tooLarge.json()]).toEqual([
    413,
    expect.objectContaining({ code: 'files.too_large' }),
  ])
  for (let n = 0; n < 2; n++)
    expect((await begin(bearer, 3_000 * kilobyte, { filename: 'a' })).status).toBe(201)
  const tooMuch = await begin(bearer, 3_000 * kilobyte, { filename: 'a' })
  expect([tooMuch.status, ((await tooMuch.json()) as { code: string }).code]).toEqual([
    413,
    'files.quota_exceeded',
  ])

  const program = Buffer.concat([Buffer.from('MZ\x90\0', 'latin1'), randomBytes(500)])
  const begun = await begin(bearer, program.length, { filename: 'holiday.png', filetype: 'image/png' })
  const refused = await send(address(begun), 0, program)
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
    415,
    'files.type_refused',
  ])
  expect(isOnDisk(program.subarray(4))).toBe(false)
  expect((await standing(address(begun)))[0]).toBe(404)

  const small = address(await begin(bearer, 5, { filename: 'a' }))
  expect((await send(small, 0, Buffer.from('more than five'))).status).toBe(413)
})

test('an image with too many pixels has no thumbnail and is shown in no page', async () => {
  const ada = await connected('Ada')
  const size = { width: 16_000, height: 16_000, channels: 3 as const, background: 'white' }
  const bomb = await sharp({ create: size, limitInputPixels: false }).png({ compressionLevel: 9 }).toBuffer()
  expect(bomb.length).toBeLessThan(3_000 * kilobyte)
  const before = process.memoryUsage().rss
  const info = await uploadFile(ada, new Blob([new Uint8Array(bomb)], { type: 'image/png' }), {
    name: 'bomb.png',
  })
  expect(info).toMatchObject({ status: 'ready', thumbnail: false })
  expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000)
  const { headers } = await fetch((await fileLink(ada, info.file)).url, { method: 'HEAD' })
  expect(headers.get('content-disposition')).toMatch(/^attachment/)
  expect(headers.get('content-type')).toBe('application/octet-stream')
})

test('nobody reaches the files of others', async () => {
  const ada = await connected('Ada')
  const eve = await connected('Eve')
  const { file } = await uploadFile(ada, new Blob(['words of Ada']), { name: 'diary.txt' })
  for (const command of ['files.get', 'files.url', 'files.remove'] as const)
    await expect(eve.call(command, { file })).rejects.toMatchObject({ code: 'not_found' })
  await expect(eve.call('files.describe', { files: [file] })).rejects.toMatchObject({ code: 'not_found' })
  await expect(eve.call('files.attach', { files: [file], to: 'chat:general' })).rejects.toMatchObject({
    code: 'forbidden',
  })
  const begun = await begin(await token('Ada'), 5, { filename: 'half' })
  const bare = address(begun).split('?')[0] as string
  const asEve = { authorization: `Bearer ${await token('Eve')}` }
  expect((await send(bare, 0, Buffer.from('evil!'), asEve)).status).toBe(404)
  expect((await send(bare, 0, Buffer.from('evil!'))).status).toBe(401)
  const other = address(await begin(await token('Eve'), 5, { filename: 'of eve' }))
  const stolen = `${bare}?${other.split('?')[1]}`
  expect((await send(stolen, 0, Buffer.from('evil!'))).status).toBe(401)
  expect((await fetch(bare, { method: 'DELETE', headers: { ...part, ...asEve } })).status).toBe(404)
  const link = (await fileLink(ada, file)).url
  expect((await fetch(link.replace(/signature=./, 'signature=_'))).status).toBe(403)
  expect(await (await fetch(link)).text()).toBe('words of Ada')
})

test('a file of a message is for those in the conversation, and goes with the message', async () => {
  const [ada, bob, eve] = [await connected('Ada'), await connected('Bob'), await connected('Eve')]
  const { channel } = await ada.call('chat.create', { type: 'group', members: ['bob'], title: 'Harbour' })
  const words = 'words that only the two of them share'
  const { file } = await uploadFile(ada, new Blob([words]), { name: 'plans for the quay.txt' })
  await expect(bob.call('files.get', { file })).rejects.toMatchObject({ code: 'not_found' })
  const { seq } = await ada.call('chat.send', { channel, text: 'Here they are', attachments: [file] })
  const message = await bob.call('chat.message', { channel, seq })
  expect(message.attachments).toMatchObject([{ file, name: 'plans for the quay.txt', type: 'text/plain' }])
  const link = (await fileLink(bob, file)).url
  expect(await (await fetch(link)).text()).toBe(words)
  await expect(eve.call('files.url', { file })).rejects.toMatchObject({ code: 'not_found' })
  await ada.call('chat.delete', { channel, seq, for: 'all' })
  expect((await fetch(link)).status).toBe(404)
  await expect(ada.call('files.get', { file })).rejects.toMatchObject({ code: 'not_found' })
  expect(isOnDisk(Buffer.from(words))).toBe(false)
  await expect.poll(() => isOnDisk(Buffer.from('plans for the quay')), { timeout: 20_000 }).toBe(false)
})

test('a tus client that others wrote gets along with it', async () => {
  const bytes = randomBytes(700 * kilobyte)
  const bearer = await token('Dora')
  const url = await new Promise<string>((resolve, reject) => {
    const upload = new tus.Upload(bytes, {
      endpoint: `${server.url}/api/files/uploads`,
      headers: { Authorization: `Bearer ${bearer}` },
      metadata: { filename: 'noise of Dora.bin', filetype: 'application/octet-stream' },
      chunkSize: 256 * kilobyte,
      retryDelays: [10, 10],
      onError: reject,
      onSuccess: () => resolve(upload.url ?? ''),
    })
    upload.start()
  })
  const dora = await connected('Dora')
  const file = new URL(url).pathname.split('/').at(-1) ?? ''
  expect(await dora.call('files.get', { file })).toMatchObject({ name: 'noise of Dora.bin', status: 'ready' })
  const stored = await fetch((await fileLink(dora, file)).url)
  expect(Buffer.from(await stored.arrayBuffer()).equals(bytes)).toBe(true)
  await tus.Upload.terminate(url, { headers: { Authorization: `Bearer ${bearer}` } })
  await expect(dora.call('files.get', { file })).rejects.toMatchObject({ code: 'not_found' })
})

test('the protocol is offered as it is described', async () => {
  const options = await fetch(`${server.url}/api/files/uploads`, { method: 'OPTIONS' })
  expect([options.status, options.headers.get('tus-version'), options.headers.get('tus-max-size')]).toEqual([
    204,
    '1.0.0',
    String(3_000 * kilobyte),
  ])
  const old = await fetch(`${server.url}/api/files/uploads`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await token('Ada')}`,
      'upload-length': '1',
      'tus-resumable': '0.2.2',
    },
  })
  expect([old.status, old.headers.get('tus-version')]).toEqual([412, '1.0.0'])
})
