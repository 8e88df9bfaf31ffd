import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { jwtSigner, type SignerOptions, type TokenClaims } from '@parley/adapters/token/jwt'
import type { Config } from '../config.ts'

/** Something that signs tokens. */
export interface TokenSigner {
  readonly app: string
  /** What its key is called to people: `HS256 key of app default`. */
  readonly keyName: string
  sign(claims: TokenClaims): Promise<string>
}

/**
 * A signer with a secret that the configuration, or the data directory of a development server, holds. Undefined where
 * there are public keys alone: these only check.
 */
export async function findSigner(config: Config, app = 'default'): Promise<TokenSigner | undefined> {
  const configured = config.keys.find((key) => key.app === app && key.algorithm === 'HS256')
  if (configured !== undefined)
    return signerFor(config, app, { algorithm: 'HS256', key: configured.key, kid: configured.kid })
  const made = app === 'default' && config.developmentSignIn ? developmentSecret(config.dataDir) : undefined
  return made === undefined
    ? undefined
    : signerFor(config, app, { algorithm: 'HS256', key: made, kid: 'development' })
}

/** A signer with a key that is given. */
export async function signerFor(
  { tokens }: Config,
  app: string,
  options: Pick<SignerOptions, 'algorithm' | 'key' | 'kid'>,
): Promise<TokenSigner> {
  const sign = await jwtSigner({ ...options, audience: tokens.audience?.[0], issuer: tokens.issuer?.[0] })
  return { app, keyName: `${options.algorithm} key of app \`${app}\``, sign }
}

function developmentSecret(dataDir: string): string | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'development-keys.json'), 'utf8')).signingKey
  } catch {
    return undefined
  }
}
