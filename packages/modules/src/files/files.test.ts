import { expect, test } from 'vitest'
import { backend, filesNode, patch, pieces, png, user } from './testing/files-node.ts'

const [ada, bob, eve] = [user('ada'), user('bob'), user('eve')]
const hour = 3_600_000
const gone = { code: 'not_found' }

test('a file is begun, sent, described, linked and read', async () => {
  const t = await filesNode()
  const file = await t.begin(ada, { name: 'notes.txt', size: 11, type: 'text/plain', purpose: 'note' })
  expect(await t.get(ada, file)).toMatchObject({ status: 'uploading', received: 0, own: true })
  await t.ask(ada, patch(file, 0, 'hello '))
  expect(await t.get(ada, file)).toMatchObject({ status: 'uploading', received: 6 })
  await t.ask(ada, patch(file, 6, 'world'))
  expect(await t.get(ada, file)).toMatchObject({
    ...{ file, name: 'notes.txt', type: 'text/plain', size: 11, status: 'ready', purpose: 'note' },
    thumbnail: false,
  })
  const { url } = await t.call<{ url: string }>(ada, 'files.url', { file })
  const content = await t.ask(undefined, { method: 'GET', path: url.replace('/api', '') })
  expect(content).toMatchObject({
    size: 11,
    type: 'text/plain; charset=utf-8',
    name: 'notes.txt',
    isInline: true,
  })
  const read: Uint8Array[] = []
  for await (const piece of content.read?.({ start: 6, end: 11 }) ?? []) read.push(piece)
  expect(Buffer.concat(read).toString()).toBe('world')
})

test("a user's devices hear of it, and nobody else", async () => {
  const t = await filesNode()
  const device = await t.client('ada', { grants: [] })
  await device.subscribe('files:ada')
  const file = await t.upload(ada, 'notes.txt')
  await t.call(ada, 'files.remove', { file })
  expect(device.of('files:ada').map(({ type, data, by }) => [type, data, by])).toEqual([
    ['files.begun', { file, name: 'notes.txt', size: 5 }, 'ada'],
    ['files.finished', { file, type: 'text/plain', size: 5, thumbnail: false }, 'ada'],
    ['files.removed', { file, reason: 'removed' }, 'ada'],
  ])
  const other = await t.client('bob', { grants: [] })
  expect(await other.subscribe('files:ada')).toMatchObject({ error: { code: 'forbidden' } })
})

test('an image gets a thumbnail, a size and a placeholder, behind the request', async () => {
  const t = await filesNode()
  const file = await t.upload(ada, 'harbour.png', png, 'image/png')
  const info = await t.call(ada, 'files.get', { file, wait: true })
  expect(info).toMatchObject({
    ...{ status: 'ready', type: 'image/png', width: 40, height: 30, thumbnail: true },
    placeholder: 'data:image/webp;base64,AA==',
  })
  const { url } = await t.call<{ url: string }>(ada, 'files.url', { file, variant: 'thumbnail' })
  const small = await t.ask(undefined, { method: 'GET', path: url.replace('/api', '') })
  expect(small).toMatchObject({ size: 5, type: 'image/webp', isInline: true })
})

test('an image that is none has no thumbnail, and no page shows it', async () => {
  const t = await filesNode()
  t.images.answers.push('bad')
  const file = await t.upload(ada, 'bomb.png', png, 'image/png')
  expect(await t.get(ada, file)).toMatchObject({ status: 'ready', thumbnail: false })
  expect(await t.code(t.call(ada, 'files.url', { file, variant: 'thumbnail' }))).toBe('files.no_thumbnail')
  const { url } = await t.call<{ url: string }>(ada, 'files.url', { file })
  expect((await t.ask(undefined, { method: 'GET', path: url.replace('/api', '') })).isInline).toBe(false)
})

test('a thumbnail that cannot be made now is made later, a few times', async () => {
  const t = await filesNode()
  t.images.answers.push('busy', 'busy')
  const file = await t.upload(ada, 'a.png', png)
  expect(await t.get(ada, file)).toMatchObject({ status: 'processing' })
  await t.clock.advance(4 * 60_000)
  expect(await t.get(ada, file)).toMatchObject({ status: 'ready', thumbnail: true })
  t.images.answers.push(...Array<'busy'>(10).fill('busy'))
  const another = await t.upload(ada, 'b.png', png)
  await t.clock.advance(hour)
  expect(await t.get(ada, another)).toMatchObject({ status: 'ready', thumbnail: false })
})

test('what is not what it says is refused, and nothing of it is left', async () => {
  const t = await filesNode()
  const program = Buffer.concat([Buffer.from('MZ\x90\0', 'latin1'), Buffer.alloc(200)])
  for (const [name, type] of [['holiday.png', 'image/png'], ['holiday.png'], ['setup.exe']] as const) {
    const file = await t.begin(ada, { name, size: program.length, type })
    const answer = await t.send(ada, file, program)
    expect([answer.status, (answer.body as { code: string }).code]).toEqual([415, 'files.type_refused'])
    await expect(t.get(ada, file)).rejects.toMatchObject(gone)
    expect(await t.blobs.size(`default/${file.slice(0, 2)}/${file}`)).toBeUndefined()
  }
  expect(await t.call(ada, 'files.quota', {})).toMatchObject({ user: { bytes: 0 } })
})

test('only what the configuration takes is taken, by what it says and by what it is', async () => {
  const t = await filesNode({ limits: { accept: ['image/*', 'text/plain'] } })
  const says = (type: string) => t.code(t.begin(ada, { name: 'a', size: 3, type }))
  expect(await says('application/pdf')).toBe('files.type_refused')
  expect(await says('image/png')).toBe('ok')
  const file = await t.begin(ada, { name: 'a', size: 8 })
  expect((await t.send(ada, file, '%PDF-1.7')).status).toBe(415)
})

test('pages, drawings and scripts are offered for keeping', async () => {
  const t = await filesNode()
  const contents = [
    ['page.html', '<!doctype html><script>alert(1)</script>', 'text/html'],
    ['page.txt', '<html><body onload=alert(1)>', 'text/plain'],
    ['drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', 'image/svg+xml'],
    ['script.js', 'alert(1)', 'text/javascript'],
  ] as const
  for (const [name, words, type] of contents) {
    const file = await t.upload(ada, name, words, type)
    const { url } = await t.call<{ url: string }>(ada, 'files.url', { file })
    expect((await t.ask(undefined, { method: 'GET', path: url.replace('/api', '') })).isInline, name).toBe(
      false,
    )
  }
})

test('a link is good for an hour and for what it was made for', async () => {
  const t = await filesNode()
  const file = await t.upload(ada, 'notes.txt')
  const { url, expiresAt } = await t.call<{ url: string; expiresAt: number }>(ada, 'files.url', { file })
  expect(expiresAt - t.clock.now()).toBeGreaterThanOrEqual(hour)
  const path = url.replace('/api', '')
  const follow = (changed: string) => t.code(t.ask(undefined, { method: 'GET', path: changed }))
  expect(await follow(path)).toBe('ok')
  for (const [from, to] of [
    ['type=text%2Fplain', 'type=text%2Fhtml'],
    ['show=1', 'show=0'],
    ['name=notes.txt', 'name=notes.exe'],
    ['variant=original', 'variant=thumbnail'],
    ['app=default', 'app=other'],
    [`expires=${expiresAt}`, `expires=${expiresAt + 1}`],
    [/signature=./.exec(path)?.[0] ?? '', 'signature=_'],
    [file, `${file.slice(1)}x`],
  ] as const) {
    expect(path).toContain(from)
    expect(await follow(path.replace(from, to)), to).toBe('forbidden')
  }
  expect(await follow(path.split('?')[0] as string)).toBe('forbidden')
  await t.clock.advance(expiresAt - t.clock.now())
  expect(await follow(path)).toBe('forbidden')
})

test('a link to a file that is gone leads nowhere', async () => {
  const t = await filesNode()
  const file = await t.upload(ada, 'notes.txt')
  const { url } = await t.call<{ url: string }>(ada, 'files.url', { file })
  await t.call(ada, 'files.remove', { file })
  expect(await t.code(t.ask(undefined, { method: 'GET', path: url.replace('/api', '') }))).toBe('not_found')
})

test('a file belongs to who sent it until it is attached, and then to who may read the channel', async () => {
  const t = await filesNode()
  const file = await t.upload(ada, 'notes.txt')
  const reach = async (who: typeof ada) => [
    await t.code(t.call(who, 'files.url', { file })),
    await t.code(t.call(who, 'files.describe', { files: [file] })),
  ]
  expect([await reach(ada), await reach(bob), await reach(backend)]).toEqual([
    ['ok', 'ok'],
    ['not_found', 'not_found'],
    ['ok', 'ok'],
  ])
  await t.call(ada, 'rooms.share', { files: [file], to: 'room:a' })
  expect([await reach(ada), await reach(bob), await reach(eve)]).toEqual([
    ['ok', 'ok'],
    ['ok', 'ok'],
    ['not_found', 'not_found'],
  ])
  expect(await t.get(bob, file)).toMatchObject({ name: 'notes.txt', own: false })
  // Who was shown the door has no file either, though it was theirs; they may still take it away.
  t.members.delete('ada')
  await t.clock.advance(61_000)
  expect(await reach(ada)).toEqual(['not_found', 'not_found'])
  expect(await t.get(ada, file)).toMatchObject({ own: true })
  expect(await t.code(t.call(bob, 'files.remove', { file }))).toBe('not_found')
  expect(await t.code(t.call(ada, 'files.remove', { file }))).toBe('ok')
})

test('attaching is for modules and back ends, and for files that the caller has', async () => {
  const t = await filesNode()
  const file = await t.upload(ada, 'notes.txt')
  const place = { files: [file], to: 'room:a' }
  expect(await t.code(t.call(ada, 'files.attach', place))).toBe('forbidden')
  expect(await t.code(t.call(ada, 'files.detach', place))).toBe('forbidden')
  expect(await t.code(t.call(eve, 'rooms.share', place))).toBe('not_found')
  expect(await t.code(t.call(ada, 'rooms.share', { files: [file], to: 'nokind:a' }))).toBe('unknown_kind')
  expect(await t.code(t.call(backend, 'files.attach', place))).toBe('ok')
  expect(await t.code(t.call(bob, 'rooms.share', { files: [file], to: 'room:b' }))).toBe('ok')
  const half = await t.begin(ada, { name: 'half', size: 9 })
  expect(await t.code(t.call(ada, 'rooms.share', { files: [half], to: 'room:a' }))).toBe('files.not_ready')
})

test('a file goes with the last thing that it hangs on', async () => {
  const t = await filesNode()
  const file = await t.upload(ada, 'notes.txt')
  const at = (to: string, ref?: string) => ({ files: [file], to, ...(ref === undefined ? {} : { ref }) })
  for (const place of [at('room:a', 'm1'), at('room:a', 'm2'), at('room:a', 'm2'), at('room:b')])
    await t.call(backend, 'files.attach', place)
  await t.call(backend, 'files.detach', at('room:a', 'm1'))
  await t.call(backend, 'files.detach', at('room:a', 'm1'))
  await t.call(backend, 'files.detach', at('room:b'))
  expect(await t.get(ada, file)).toMatchObject({ status: 'ready' })
  await t.call(backend, 'files.detach', at('room:a', 'm2'))
  await expect(t.get(ada, file)).rejects.toMatchObject(gone)
  expect(await t.blobs.size(`default/${file.slice(0, 2)}/${file}`)).toBeUndefined()
})

test('files are listed newest first, page by page', async () => {
  const t = await filesNode()
  const names = ['a.txt', 'b.txt', 'c.txt', 'd.txt', 'e.txt']
  for (const name of names) {
    await t.upload(ada, name)
    await t.clock.advance(5)
  }
  await t.upload(bob, 'of bob.txt')
  const seen: string[] = []
  let after: string | undefined
  do {
    const page = await t.call<{ files: { name: string }[]; next?: string }>(ada, 'files.list', {
      limit: 2,
      after,
    })
    seen.push(...page.files.map(({ name }) => name))
    after = page.next
  } while (after !== undefined)
  expect(seen).toEqual(names.toReversed())
})

test('quotas count what is begun, and give back what is removed', async () => {
  const t = await filesNode({
    limits: { userQuotaBytes: 10_000, appQuotaBytes: 25_000, maxFileBytes: 9_000 },
  })
  const begin = (who: typeof ada, size: number) => t.code(t.begin(who, { name: 'a', size }))
  expect(await begin(ada, 9_001)).toBe('files.too_large')
  expect(await begin(ada, 6_000)).toBe('ok')
  expect(await begin(ada, 6_000)).toBe('files.quota_exceeded')
  // What holds nothing takes room too.
  expect(await begin(ada, 0)).toBe('files.quota_exceeded')
  expect(await begin(bob, 9_000)).toBe('ok')
  const last = await t.begin(eve, { name: 'a', size: 9_000 })
  expect(await begin(user('zoe'), 5_000)).toBe('files.quota_exceeded')
  expect(await t.call(ada, 'files.quota', {})).toEqual({
    user: { bytes: 6_000, limit: 10_000 },
    maxFileBytes: 9_000,
  })
  await t.call(eve, 'files.remove', { file: last })
  expect(await t.call(backend, 'files.quota', {})).toMatchObject({ app: { bytes: 15_000, limit: 25_000 } })
  expect(await begin(user('zoe'), 5_000)).toBe('ok')
  // Counted anew, it is the same.
  await t.clock.advance(2 * 60_000)
  expect(await t.call(ada, 'files.quota', {})).toMatchObject({ user: { bytes: 6_000 } })
  const again = await Promise.all(Array.from({ length: 5 }, () => begin(user('max'), 4_096)))
  expect(again.filter((one) => one === 'ok').length).toBeLessThanOrEqual(2)
})

test('uploads that are begun at once all get a place', async () => {
  const t = await filesNode()
  const files = await Promise.all(
    Array.from({ length: 20 }, (_, n) => t.begin(ada, { name: `${n}.txt`, size: 1 })),
  )
  const { files: listed } = await t.call<{ files: { name: string }[] }>(ada, 'files.list', {})
  expect(new Set(files).size).toBe(20)
  expect(listed.map(({ name }) => name).sort()).toEqual(files.map((_, n) => `${n}.txt`).sort())
})

test('what is not finished, or never attached, is gone after a day', async () => {
  const t = await filesNode()
  const half = await t.begin(ada, { name: 'half.txt', size: 10 })
  await t.send(ada, half, 'five!')
  const loose = await t.upload(ada, 'loose.txt')
  const kept = await t.upload(ada, 'kept.txt')
  await t.call(ada, 'rooms.share', { files: [kept], to: 'room:a' })
  await t.clock.advance(23 * hour)
  expect((await t.get(ada, half)).received).toBe(5)
  await t.clock.advance(hour + 2 * 60_000)
  await expect(t.get(ada, half)).rejects.toMatchObject(gone)
  await expect(t.get(ada, loose)).rejects.toMatchObject(gone)
  expect(await t.get(ada, kept)).toMatchObject({ name: 'kept.txt' })
  expect((await t.get(ada, kept)).expiresAt).toBeUndefined()
  expect(await t.blobs.received(`default/${half.slice(0, 2)}/${half}`)).toBe(0)
  expect(await t.call(ada, 'files.quota', {})).toMatchObject({ user: { bytes: 4_096 } })
})

test('a removal that breaks off is carried on, and the name is gone at once', async () => {
  const t = await filesNode()
  const file = await t.upload(ada, 'secret plans.txt')
  const { remove } = t.blobs
  Object.assign(t.blobs, { remove: () => Promise.reject(new Error('the disk is away')) })
  await expect(t.call(ada, 'files.remove', { file })).rejects.toMatchObject({ code: 'internal' })
  await expect(t.get(ada, file)).rejects.toMatchObject(gone)
  const events = await t.store.read('default', 'files:ada', { after: 0, limit: 100 })
  expect(events.map(({ type, data, redacted }) => (redacted ? 'redacted' : `${type} ${data}`))).toEqual([
    'redacted',
    'redacted',
    `files.removed ${JSON.stringify({ file, reason: 'removed' })}`,
  ])
  Object.assign(t.blobs, { remove })
  await t.clock.advance(2 * 60_000)
  expect(await t.blobs.size(`default/${file.slice(0, 2)}/${file}`)).toBeUndefined()
  expect(await t.store.records('default', 'files', { limit: 10 })).toEqual([])
  expect(await t.store.records('default', 'files.due', { limit: 10 })).toEqual([])
  expect(await t.store.records('default', 'files.owned', { limit: 10 })).toEqual([])
})

test('names hold no path, no control characters, and are in no record', async () => {
  const t = await filesNode()
  const file = await t.upload(ada, '../../etc/pass\u0000wd\u202egpj.exe')
  expect((await t.get(ada, file)).name).toBe('passwdgpj.exe')
  for (const table of ['files', 'files.owned', 'files.due'])
    expect(JSON.stringify(await t.store.records('default', table, { limit: 10 }))).not.toContain('passwd')
})

test('users whose id cannot name a channel, and apps, have files too', async () => {
  const t = await filesNode()
  const odd = user('auth0|5f7c8ec7 c33c6c004bbafe82')
  const file = await t.upload(odd, 'odd.txt')
  expect(await t.get(odd, file)).toMatchObject({ name: 'odd.txt', own: true })
  await expect(t.get(user('0=app'), file)).rejects.toMatchObject(gone)
  const ofApp = await t.upload(backend, 'report.txt')
  expect(await t.get(backend, ofApp)).toMatchObject({ own: true })
  await expect(t.get(user('0=app'), ofApp)).rejects.toMatchObject(gone)
  await expect(t.get(ada, ofApp)).rejects.toMatchObject(gone)
  const elsewhere = { ...backend, app: 'other' }
  await expect(t.get(elsewhere, file)).rejects.toMatchObject(gone)
})

test('an empty file is a file', async () => {
  const t = await filesNode()
  const file = await t.upload(ada, 'empty.txt', '')
  expect(await t.get(ada, file)).toMatchObject({ size: 0, status: 'ready' })
})

test('after a restart everything is where it was, and what was left undone is done', async () => {
  const first = await filesNode()
  const whole = await first.upload(ada, 'whole.txt')
  const half = await first.begin(ada, { name: 'half.txt', size: 10 })
  await first.send(ada, half, 'five!')
  first.images.answers.push('busy')
  const picture = await first.upload(ada, 'a.png', png)
  first.store.crash()
  const t = await filesNode({ disk: first.store.disk, blobs: first.blobs, clock: first.clock })
  expect(await t.get(ada, whole)).toMatchObject({ name: 'whole.txt', status: 'ready' })
  await t.ask(ada, patch(half, 5, pieces('rest!')))
  expect(await t.get(ada, half)).toMatchObject({ name: 'half.txt', status: 'ready' })
  await t.clock.advance(2 * 60_000)
  expect(await t.get(ada, picture)).toMatchObject({ status: 'ready', thumbnail: true })
  expect(await t.call(ada, 'files.quota', {})).toMatchObject({ user: { bytes: 3 * 4_096 } })
})
