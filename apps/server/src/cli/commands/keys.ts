import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Config, loadConfig } from '../../config.ts'
import { type CliCommand, exitCodes, type Invocation, UsageError } from '../command.ts'
import { table } from '../help.ts'

/** Lists and makes keys. */
export const keys: CliCommand = {
  name: 'keys',
  summary: 'List the keys of the configuration, or make new ones.',
  details:
    'list      the keys that the configuration names, without their secrets\n' +
    'new       a key that signs tokens: the private part for your back end, the public part for the server\n' +
    'new-app   an app key, with which a back end calls the server; the configuration keeps only its digest\n\n' +
    'New keys are shown once and change no configuration: the lines to add are printed with them.',
  arguments: [
    { name: 'action', summary: 'list, new or new-app', isOptional: true, values: ['list', 'new', 'new-app'] },
  ],
  options: [
    {
      name: 'algorithm',
      value: 'NAME',
      summary: 'Of a signing key: EdDSA (default), RS256, or HS256 for one secret that both sides know.',
      values: ['EdDSA', 'RS256', 'HS256'],
    },
    {
      name: 'out',
      value: 'FILE',
      summary: 'Write NAME.pem and NAME.pub.pem instead of printing them.',
      values: 'file',
    },
    { name: 'id', value: 'ID', summary: 'Of an app key. Default: `backend`.' },
    { name: 'kid', value: 'ID', summary: 'Of a signing key, where there are several.' },
  ],
  examples: [
    ['parley keys', 'which keys there are'],
    ['parley keys new --out tokens', 'an EdDSA pair in tokens.pem and tokens.pub.pem'],
    ['parley keys new-app --id billing', 'for a back end'],
  ],
  async run(invocation) {
    const [action = 'list'] = invocation.words
    if (action === 'list') list(invocation)
    else if (action === 'new') makeSigningKey(invocation)
    else if (action === 'new-app') makeAppKey(invocation)
    else throw new UsageError(`\`keys ${action}\` is nothing that can be done: list, new or new-app.`)
    return exitCodes.done
  },
}

function list({ sources, terminal, isJson }: Invocation): void {
  const found = describe(loadConfig(sources))
  if (isJson) terminal.out(JSON.stringify(found, undefined, 2))
  else if (found.length === 0) terminal.out('The configuration names no keys. `parley keys new` makes one.')
  else
    terminal.out(
      table(
        [
          ['APP', 'USE', 'KEY', 'FINGERPRINT'],
          ...found.map((one) => [one.app, one.use, one.name, one.fingerprint]),
        ],
        '',
      ),
    )
}

function describe({ keys: signing, apiKeys }: Config) {
  return [
    ...signing.map(({ app, algorithm, key, kid }) => ({
      ...{ app, use: 'signs tokens', name: kid === undefined ? algorithm : `${algorithm} ${kid}` },
      fingerprint: fingerprint(key),
    })),
    ...apiKeys.map(({ app, id, secretHash }) => ({
      ...{ app, use: 'back end', name: id },
      fingerprint: secretHash.slice(0, 16),
    })),
  ]
}

/** Tells keys apart, and tells nothing of a secret: it has 128 bits and more that nobody can guess. */
function fingerprint(key: string): string {
  return createHash('sha256').update(key.trim()).digest('hex').slice(0, 16)
}

function makeSigningKey(invocation: Invocation): void {
  const { option, terminal, isJson } = invocation
  const algorithm = option('algorithm') ?? 'EdDSA'
  const kid = option('kid')
  if (algorithm !== 'HS256') {
    makeKeyPair(invocation, algorithm, kid)
    return
  }
  const secret = randomBytes(32).toString('base64url')
  if (isJson) terminal.out(JSON.stringify({ algorithm, secret, kid }))
  else
    terminal.out(`${secret}\n\nSet it as PARLEY_JWT_SECRET of the server, and sign tokens with it (HS256).`)
}

function makeKeyPair(
  { option, terminal, isJson }: Invocation,
  algorithm: string,
  kid: string | undefined,
): void {
  const { privateKey, publicKey } = makePair(algorithm)
  const out = option('out')
  if (out !== undefined) writePair(resolve(terminal.directory, out), { privateKey, publicKey })
  const files = out === undefined ? undefined : [`${out}.pem`, `${out}.pub.pem`]
  if (isJson) {
    terminal.out(
      JSON.stringify({ algorithm, kid, publicKey, ...(files === undefined ? { privateKey } : { files }) }),
    )
    return
  }
  const shown =
    files === undefined
      ? `${privateKey}\n${publicKey}`
      : `The private key is in ${files[0]}, the public one in ${files[1]}.\n`
  const more = kid === undefined ? '' : `, kid: ${kid}`
  const entry = `{ algorithm: ${algorithm}, keyFile: ./${files?.[1] ?? 'tokens.pub.pem'}${more} }`
  terminal.out(
    `${shown}\nYour back end signs with the private key. For the server, in parley.yaml:\n\n` +
      `  apps:\n    default:\n      keys:\n        - ${entry}`,
  )
}

function makePair(algorithm: string) {
  const publicKeyEncoding = { type: 'spki', format: 'pem' } as const
  const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519', { publicKeyEncoding, privateKeyEncoding })
  if (algorithm === 'RS256')
    return generateKeyPairSync('rsa', { modulusLength: 3072, publicKeyEncoding, privateKeyEncoding })
  throw new UsageError(`--algorithm is EdDSA, RS256 or HS256, not \`${algorithm}\`.`)
}

function writePair(path: string, pair: { readonly privateKey: string; readonly publicKey: string }): void {
  const files = { [`${path}.pem`]: pair.privateKey, [`${path}.pub.pem`]: pair.publicKey }
  const there = Object.keys(files).find((file) => existsSync(file))
  if (there !== undefined)
    throw new UsageError(`${there} is there already. A key is never written over: take another name.`)
  for (const [file, text] of Object.entries(files)) writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
}

function makeAppKey({ option, terminal, isJson }: Invocation): void {
  const id = option('id') ?? 'backend'
  if (!/^[\w-]{1,64}$/.test(id)) throw new UsageError('--id has letters, digits, - and _, at most 64.')
  const secret = randomBytes(24).toString('base64url')
  const secretHash = createHash('sha256').update(secret).digest('hex')
  if (isJson) terminal.out(JSON.stringify({ id, secret, secretHash }))
  else
    terminal.out(
      `${id}:${secret}\n\nYour back end sends it as X-API-Key. For the server, in parley.yaml:\n\n` +
        `  apps:\n    default:\n      apiKeys:\n        - { id: ${id}, secretHash: ${secretHash} }`,
    )
}
