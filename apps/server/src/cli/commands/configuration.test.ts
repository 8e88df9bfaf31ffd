import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder, parley } from '../testing/scripted-terminal.ts'

const secret = 'hunter-hunter-hunter-hunter-hunter-hunter'

const file = `profile: staging
kinds:
  news: { durability: recent }
authorize: { url: "https://example.org/may", secret: ${secret} }
files:
  store: s3
  s3: { endpoint: "https://s3.example.org", bucket: parley, accessKeyId: ${secret}, secretAccessKey: ${secret} }
tracing: { endpoint: "http://127.0.0.1:4318", headers: { x-key: ${secret} } }
`

test('check-config shows what the configuration says', async () => {
  const folder = newFolder('kinds:\n  news: { durability: recent }\n')
  const { code, out } = await parley(folder, ['check-config'])
  expect(code).toBe(0)
  expect(out).toContain('The configuration is good.')
  expect(out).toMatch(/Kinds {7}chat, room, live, feed, user, news/)
  const json = await parley(folder, ['check-config', '--json'])
  expect(JSON.parse(json.out)).toMatchObject({ ok: true, profile: 'development', port: 3001 })
})

test('check-config names every mistake, and what cannot be read', async () => {
  const folder = newFolder('prot: 1\nkinds: { news: { durability: fast } }\n')
  const { code, err } = await parley(folder, ['check-config'])
  expect(code).toBe(2)
  expect(err).toContain('prot: unknown key; did you mean `port`? (parley.yaml:1)')
  expect(err).toContain('kinds.news.durability')
  const folder2 = newFolder()
  mkdirSync(join(folder2, 'parley.yaml'))
  expect(await parley(folder2, ['check-config'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('the file cannot be read'),
  })
  expect(await parley(folder2, ['check-config', '--config', 'absent.yaml'])).toMatchObject({ code: 2 })
})

test('print-config tells where every value comes from', async () => {
  const folder = newFolder(file)
  const { code, out } = await parley(folder, ['print-config', '--host', '::1', '--json'], {
    environment: { PORT: '4000', PARLEY_JWT_SECRET: secret },
  })
  expect(code).toBe(0)
  const settings = new Map<string, { value: unknown; source: string }>(
    (JSON.parse(out) as { key: string; value: unknown; source: string }[]).map((one) => [one.key, one]),
  )
  const expected: readonly (readonly [key: string, value: unknown, source: string])[] = [
    ['host', '::1', 'flag --host'],
    ['port', 4000, 'environment variable PORT'],
    ['profile', 'staging', 'parley.yaml:1'],
    ['kinds.news.durability', 'recent', 'parley.yaml:3'],
    ['logLevel', 'info', 'default of the staging profile'],
    ['limits.maxFrameBytes', 65_536, 'built-in default'],
    ['apps.default.keys.0.algorithm', 'HS256', 'environment variable PARLEY_JWT_SECRET'],
    ['apps.default.keys.0.key', '[secret of 41 characters]', 'environment variable PARLEY_JWT_SECRET'],
    ['authorize.url', 'https://example.org/may', 'parley.yaml:4'],
    ['allowedOrigins', ['self'], 'default of the staging profile'],
  ]
  for (const [key, value, source] of expected) expect(settings.get(key)).toMatchObject({ value, source })
  expect(out).not.toMatch(new RegExp(secret))
})

test('print-config shows a part, in columns, and refuses one that is not there', async () => {
  const folder = newFolder(file)
  const { out } = await parley(folder, ['print-config', 'tokens'])
  expect(out).toMatch(/^tokens\.clockSkewMs {4}5000 +default of the staging profile$/m)
  expect(out).not.toContain('kinds')
  expect(await parley(folder, ['print-config', 'nothing'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('No setting begins with `nothing`'),
  })
  writeFileSync(join(folder, 'parley.yaml'), 'port: [')
  expect(await parley(folder, ['print-config'])).toMatchObject({ code: 2 })
})
