import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@parley/adapters/system-clock'
import { jwtAuthenticator } from '@parley/adapters/token/jwt'
import { expect, test } from 'vitest'
import { loadConfig } from '../../config.ts'
import { newFolder, parley } from '../testing/scripted-terminal.ts'

const secret = 'hunter-hunter-hunter-hunter-hunter-hunter'

async function whoIs(folder: string, token: string, environment: Record<string, string> = {}) {
  const { keys, apiKeys, tokens } = loadConfig({ directory: folder, environment })
  const authenticator = await jwtAuthenticator({ keys, apiKeys, ...tokens, clock: systemClock() })
  return authenticator.authenticate({ kind: 'bearer', token })
}

test('keys lists what the configuration names, and shows no secret', async () => {
  const folder = newFolder(
    `apps: { default: { apiKeys: [{ id: billing, secret: ${secret} }] }, shop: { keys: [{ algorithm: HS256, key: ${secret}, kid: a }] } }`,
  )
  const { code, out } = await parley(folder, ['keys'])
  expect(code).toBe(0)
  expect(out).toMatch(/^shop +signs tokens +HS256 a +[0-9a-f]{16}$/m)
  expect(out).toMatch(/^default +back end +billing +[0-9a-f]{16}$/m)
  expect(out).not.toContain(secret)
  const json = await parley(folder, ['keys', 'list', '--json'])
  expect(JSON.parse(json.out)).toHaveLength(2)
  expect(await parley(newFolder(), ['keys'])).toMatchObject({ out: expect.stringContaining('names no keys') })
})

test('a new pair of keys signs tokens that a server with its public key takes', async () => {
  for (const algorithm of ['EdDSA', 'RS256']) {
    const folder = newFolder()
    const made = await parley(folder, ['keys', 'new', '--algorithm', algorithm, '--out', 'tokens'])
    expect(made.code).toBe(0)
    expect(made.out).not.toContain('PRIVATE')
    expect(statSync(join(folder, 'tokens.pem')).mode & 0o777).toBe(0o600)
    // The lines that it prints are the configuration.
    writeFileSync(join(folder, 'parley.yaml'), made.out.slice(made.out.indexOf('  apps:')))
    const signed = await parley(folder, [
      ...['token', 'ada', '--private-key', 'tokens.pem', '--algorithm', algorithm],
      ...['--allow', 'chat:*=read,write', '--allow', 'feed:news=read', '--ttl', '5m', '--json'],
    ])
    const { token, expiresAt } = JSON.parse(signed.out)
    expect(expiresAt).toBeGreaterThan(Date.now())
    expect(await whoIs(folder, token)).toMatchObject({
      user: 'ada',
      grants: [
        { pattern: 'chat:*', actions: ['read', 'write'] },
        { pattern: 'feed:news', actions: ['read'] },
      ],
    })
    // No key is written over.
    expect(await parley(folder, ['keys', 'new', '--out', 'tokens'])).toMatchObject({ code: 2 })
    expect(await parley(folder, ['token', 'ada', '--private-key', 'tokens.pub.pem'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is no private key for EdDSA'),
    })
  }
})

test('keys new-app makes a key that the printed lines let in', async () => {
  const folder = newFolder()
  const { out } = await parley(folder, ['keys', 'new-app', '--id', 'billing'])
  const [key = ''] = out.split('\n')
  writeFileSync(join(folder, 'parley.yaml'), out.slice(out.indexOf('  apps:')))
  const { apiKeys } = loadConfig({ directory: folder, environment: {} })
  const authenticator = await jwtAuthenticator({ keys: [], apiKeys, clock: systemClock() })
  expect(await authenticator.authenticate({ kind: 'key', token: key })).toMatchObject({ role: 'backend' })
  expect(readFileSync(join(folder, 'parley.yaml'), 'utf8')).not.toContain(key.split(':')[1])
})

test('keys refuses what it does not know', async () => {
  const folder = newFolder()
  for (const args of [['steal'], ['new', '--algorithm', 'none'], ['new-app', '--id', 'a b']])
    expect(await parley(folder, ['keys', ...args])).toMatchObject({ code: 2 })
  expect(existsSync(join(folder, 'data'))).toBe(false)
})

test('token signs with the secret of the configuration, for whom and as long as is said', async () => {
  const folder = newFolder()
  const environment = { PARLEY_JWT_SECRET: secret }
  const { code, out, err } = await parley(folder, ['token', 'ada'], { environment, isInteractive: true })
  expect(code).toBe(0)
  expect(err).toContain('Signed with the HS256 key of app `default`')
  const identity = await whoIs(folder, out, environment)
  expect(identity).toMatchObject({ user: 'ada', grants: [] })
  expect(identity.expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000)
})

test('token says what is missing or wrong', async () => {
  const folder = newFolder()
  const environment = { PARLEY_JWT_SECRET: secret }
  for (const [args, problem] of [
    [['--ttl', 'long'], '--ttl is a number and a unit'],
    [['--ttl', '400d'], 'No token may live longer'],
    [['--allow', 'chat:*=fly'], '`fly` is no action'],
    [['--allow', 'read'], 'is not CHANNELS=ACTIONS'],
    [['--app', 'shop'], 'There is no app `shop`'],
    [['--private-key', 'absent.pem'], 'absent.pem is no private key'],
  ] as const)
    expect(await parley(folder, ['token', 'ada', ...args], { environment })).toMatchObject({
      code: 2,
      err: expect.stringContaining(problem),
    })
  expect(await parley(folder, ['token', 'ada'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('has no HS256 secret'),
  })
})
