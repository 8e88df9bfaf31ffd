/** Vouches for texts with a secret that nobody else has. */
export interface Signer {
  /** The signature in base64url; the same text has always the same. */
  sign(text: string): string
  /** Whether a signature is that of a text; the time it takes tells nothing about the right one. */
  isSigned(text: string, signature: string): boolean
}

export type DigestAlgorithm = 'md5' | 'sha1' | 'sha256'

/** The digest of bytes, in base64. */
export type Digest = (algorithm: DigestAlgorithm, bytes: Uint8Array) => string
