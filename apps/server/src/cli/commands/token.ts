import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { loadConfig } from '../../config.ts'
import { type CliCommand, exitCodes, type Invocation, UsageError } from '../command.ts'
import { findSigner, signerFor, type TokenSigner } from '../signing.ts'

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const actions = ['read', 'write', 'presence', 'manage', '*']

/** Signs a token. */
export const token: CliCommand = {
  name: 'token',
  summary: 'Sign a token for a user.',
  details:
    'With the HS256 secret of the configuration or of a development server; or with a private key of yours, whose public\n' +
    'key the server has. For trying things out and for jobs of the operator: tokens of users are signed by your back end.',
  arguments: [{ name: 'user', summary: 'whom the token is for' }],
  options: [
    {
      name: 'allow',
      value: 'CHANNELS=ACTIONS',
      summary: `What the user may do, as 'chat:*=read,write'. Actions: ${actions.join(', ')}. Default: nothing.`,
      isRepeated: true,
    },
    { name: 'ttl', value: 'TIME', summary: 'How long it is good: 90s, 15m, 12h, 30d. Default: 1h.' },
    { name: 'name', value: 'NAME', summary: 'The name that others see.' },
    { name: 'app', value: 'APP', summary: 'The app whose key signs. Default: `default`.' },
    {
      name: 'private-key',
      value: 'FILE',
      summary: 'Sign with this private key (PKCS 8 PEM or JWK).',
      values: 'file',
    },
    {
      name: 'algorithm',
      value: 'NAME',
      summary: 'What the private key is for. Default: EdDSA.',
      values: ['EdDSA', 'RS256'],
    },
    { name: 'kid', value: 'ID', summary: 'The id of the private key, where the server knows several.' },
  ],
  examples: [
    [`parley token ada --allow 'chat:*=read,write,presence'`, 'for an hour'],
    [`parley token job --allow '*=*' --ttl 5m`, 'everything, for five minutes'],
    [`parley token ada --private-key tokens.pem --allow 'feed:news=read'`, 'with a key pair of yours'],
  ],
  async run(invocation) {
    const { words, option, all, isJson, terminal } = invocation
    const [user = ''] = words
    const issuedAt = Date.now()
    const config = loadConfig(invocation.sources)
    const ttlMs = durationOf(option('ttl') ?? '1h')
    if (ttlMs > config.tokens.maxLifetimeMs)
      throw new UsageError(
        `No token may live longer than ${config.tokens.maxLifetimeMs} ms here (\`tokens.maxLifetimeMs\`).`,
      )
    const expiresAt = issuedAt + ttlMs
    const signer = await chosenSigner(invocation)
    const capabilities = Object.fromEntries(all('allow').map(capabilityOf))
    const signed = await signer.sign({
      ...{ user, issuedAt, expiresAt, capabilities },
      tokenId: randomUUID(),
      name: option('name'),
    })
    terminal.out(isJson ? JSON.stringify({ token: signed, user, app: signer.app, expiresAt }) : signed)
    if (!isJson && terminal.isInteractive)
      terminal.err(`Signed with the ${signer.keyName}; good until ${new Date(expiresAt).toISOString()}.`)
    return exitCodes.done
  },
}

async function chosenSigner({ option, sources, terminal }: Invocation): Promise<TokenSigner> {
  const app = option('app') ?? 'default'
  const config = loadConfig(sources)
  if (!config.apps.includes(app))
    throw new UsageError(
      `There is no app \`${app}\` in the configuration. It has: ${config.apps.join(', ')}.`,
    )
  const file = option('private-key')
  if (file === undefined) {
    const signer = await findSigner(config, app)
    if (signer !== undefined) return signer
    throw new UsageError(
      `The configuration has no HS256 secret of app \`${app}\`, and public keys cannot sign. Give --private-key FILE.`,
    )
  }
  const algorithm = option('algorithm') ?? 'EdDSA'
  if (algorithm !== 'EdDSA' && algorithm !== 'RS256')
    throw new UsageError(`--algorithm is EdDSA or RS256, not \`${algorithm}\`.`)
  try {
    const key = readFileSync(resolve(terminal.directory, file), 'utf8')
    return await signerFor(config, app, { algorithm, key, kid: option('kid') })
  } catch (error) {
    throw new UsageError(`${file} is no private key for ${algorithm}: ${(error as Error).message}`)
  }
}

function capabilityOf(text: string): [string, readonly string[]] {
  const equals = text.lastIndexOf('=')
  const allowed = text.slice(equals + 1).split(',')
  const unknown = allowed.find((action) => !actions.includes(action))
  if (equals < 1) throw new UsageError(`\`${text}\` is not CHANNELS=ACTIONS, as 'chat:*=read,write'.`)
  if (unknown !== undefined)
    throw new UsageError(`\`${unknown}\` is no action. There are: ${actions.join(', ')}.`)
  return [text.slice(0, equals), allowed]
}

function durationOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const ms = Number(count) * (units[unit] ?? 0)
  if (ms > 0) return ms
  throw new UsageError(`--ttl is a number and a unit, as 90s, 15m, 12h or 30d; got \`${text}\`.`)
}
