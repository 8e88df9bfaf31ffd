import { systemClock } from '@parley/adapters/system-clock'
import { jwtAuthenticator } from '@parley/adapters/token/jwt'
import type { Config } from '../../config.ts'
import { developmentAccess } from '../../development.ts'
import { headersOf, type RemoteCredentials } from '../remote.ts'
import { findSigner } from '../signing.ts'
import { type Finding, type HealthCheck, ok, type Patient, problem, skipped } from './finding.ts'

const answerMs = 5_000

/** Whether the keys can be used, whether the running server has the same, and why it refuses what is given. */
export const keysCheck: HealthCheck = {
  name: 'keys',
  title: 'Keys',
  async look(patient) {
    const { config, credentials } = patient
    if (config !== undefined) {
      const unusable = await unusableKeys(config)
      if (unusable !== undefined) return unusable
    }
    const given =
      credentials?.kind === 'token' && config !== undefined
        ? await judge(config, credentials.token)
        : undefined
    if (given !== undefined) return given
    return askServer(patient)
  },
}

async function authenticatorOf(config: Config) {
  // What development makes for itself is made by a start, not by looking.
  const made =
    config.developmentSignIn && config.storageProvider === 'sqlite' ? await existing(config) : undefined
  return jwtAuthenticator({
    ...{ clock: systemClock(), ...config.tokens },
    keys: [...config.keys, ...(made?.keys ?? [])],
    apiKeys: [...config.apiKeys, ...(made?.apiKeys ?? [])],
  })
}

async function existing(config: Config) {
  const signer = await findSigner({ ...config, keys: [] })
  return signer === undefined ? undefined : developmentAccess(config)
}

async function unusableKeys(config: Config): Promise<Finding | undefined> {
  try {
    await authenticatorOf(config)
    return undefined
  } catch (error) {
    return problem(
      (error as Error).message,
      'Give the key that is meant, under `apps.<app>.keys`. `parley keys new` makes a pair.',
    )
  }
}

/** Why this configuration refuses a token, if it does. */
async function judge(config: Config, token: string): Promise<Finding | undefined> {
  try {
    await (await authenticatorOf(config)).authenticate({ kind: 'bearer', token })
    return undefined
  } catch (error) {
    return problem(
      `The token is refused: ${(error as Error).message}`,
      'Sign it with the private part of a key that the server has (`parley keys` lists them), for its audience and issuer, ' +
        'with a clock that is right.',
    )
  }
}

async function askServer({ config, credentials, server }: Patient): Promise<Finding> {
  const count =
    config === undefined
      ? ''
      : `${config.keys.length} keys sign tokens, ${config.apiKeys.length} are of back ends. `
  if (server?.who !== 'parley')
    return ok(`${count}They can be used. No server is asked whether it has the same.`)
  const signed = await signedHere(config)
  const shown = [credentials, signed].filter((one) => one !== undefined)
  if (shown.length === 0) return skipped(`${count}Give --token or --key to see whether the server takes it.`)
  for (const one of shown) {
    const refusal = await refusalOf(server.url, one)
    if (refusal !== undefined)
      return problem(
        `The server at ${server.url} refuses ${one === signed ? 'a token signed with the key of this configuration' : nameOf(one)}: ${refusal}`,
        'It was started with other keys than those here. Restart it with this configuration, or correct the key. ' +
          '`parley keys` shows fingerprints to compare.',
      )
  }
  return ok(`${count}The server takes them.`)
}

async function refusalOf(url: string, credentials: RemoteCredentials): Promise<string | undefined> {
  const response = await fetch(`${url}/api/auth/whoami`, {
    headers: headersOf(credentials),
    signal: AbortSignal.timeout(answerMs),
  })
  if (response.status !== 401) return undefined
  const { message = '' } = (await response.json()) as { message?: string }
  return message
}

function nameOf(credentials: RemoteCredentials): string {
  return credentials.kind === 'key' ? `the app key \`${credentials.key.split(':')[0]}\`` : 'the token'
}

/** A token of a minute that lets its bearer do nothing. */
async function signedHere(config: Config | undefined): Promise<RemoteCredentials | undefined> {
  const signer = config && (await findSigner(config))
  if (signer === undefined) return undefined
  const issuedAt = Date.now()
  const token = await signer.sign({ user: 'parley-doctor', issuedAt, expiresAt: issuedAt + 60_000 })
  return { kind: 'token', token }
}
