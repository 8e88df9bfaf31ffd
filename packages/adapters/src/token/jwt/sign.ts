import { SignJWT } from 'jose'
import { importSignKey, type SigningAlgorithm } from './keys.ts'

export interface SignerOptions {
  readonly algorithm: SigningAlgorithm
  /** The HS256 secret, or the private key as PKCS 8 PEM or JWK. */
  readonly key: string
  readonly kid?: string | undefined
  readonly audience?: string | undefined
  readonly issuer?: string | undefined
}

/** What a token says. Times are in milliseconds since 1970. */
export interface TokenClaims {
  readonly user?: string | undefined
  readonly tokenId?: string | undefined
  readonly issuedAt: number
  readonly expiresAt: number
  readonly capabilities?: Readonly<Record<string, readonly string[]>> | undefined
  readonly name?: string | undefined
  readonly picture?: string | undefined
}

/** Makes tokens that the authenticator takes, where it knows the key. For development and the command line. */
export async function jwtSigner(options: SignerOptions): Promise<(claims: TokenClaims) => Promise<string>> {
  const { algorithm, kid, audience, issuer } = options
  const key = await importSignKey(algorithm, options.key)
  return ({ user, tokenId, issuedAt, expiresAt, capabilities, name, picture }) => {
    const token = new SignJWT({ capabilities, name, picture })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
      .setIssuedAt(Math.floor(issuedAt / 1000))
      .setExpirationTime(Math.floor(expiresAt / 1000))
    if (user !== undefined) token.setSubject(user)
    if (tokenId !== undefined) token.setJti(tokenId)
    if (audience !== undefined) token.setAudience(audience)
    if (issuer !== undefined) token.setIssuer(issuer)
    return token.sign(key)
  }
}
