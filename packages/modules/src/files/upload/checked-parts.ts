import type { Digest, DigestAlgorithm } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { FileLimits } from '../limits.ts'
import { gather } from './uploads.ts'

/** What a part has to add up to. */
export interface PartDigest {
  readonly algorithm: DigestAlgorithm
  /** In base64. */
  readonly value: string
}

const algorithms: readonly string[] = ['md5', 'sha1', 'sha256'] satisfies DigestAlgorithm[]

/** @throws ParleyError `bad_request` for an algorithm that is not offered */
export function digestOf(header: string | undefined): PartDigest | undefined {
  if (header === undefined) return undefined
  const [algorithm = '', value = ''] = header.split(' ')
  if (!algorithms.includes(algorithm) || value === '')
    throw new ParleyError(
      'bad_request',
      'The header Upload-Checksum is `sha1 <base64>`; md5 and sha256 do too.',
    )
  return { algorithm: algorithm as DigestAlgorithm, value }
}

/** Parts that are held in memory until they are known to be what the sender sent. */
export class CheckedParts {
  readonly #digest: Digest
  readonly #limits: Pick<FileLimits, 'maxCheckedBytes' | 'maxCheckedParts'>
  #held = 0

  constructor(digest: Digest, limits: Pick<FileLimits, 'maxCheckedBytes' | 'maxCheckedParts'>) {
    this.#digest = digest
    this.#limits = limits
  }

  /**
   * Hands a part on when it is right. Nothing of one that is wrong is handed on.
   *
   * @throws ParleyError `files.checksum_mismatch`, `payload_too_large`, `overloaded`
   */
  async hold<T>(
    { algorithm, value }: PartDigest,
    bytes: AsyncIterable<Uint8Array>,
    handOn: (part: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T> {
    if (this.#held >= this.#limits.maxCheckedParts)
      throw new ParleyError('overloaded', 'Too many parts with a checksum are on their way.', {
        retryAfterMs: 1_000,
      })
    this.#held += 1
    try {
      const part = await gather(this.#bounded(bytes))
      if (this.#digest(algorithm, part) !== value)
        throw new ParleyError(
          'files.checksum_mismatch',
          'The part is not what its checksum says. Send it again.',
        )
      return await handOn(only(part))
    } finally {
      this.#held -= 1
    }
  }

  async *#bounded(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const { maxCheckedBytes } = this.#limits
    let size = 0
    for await (const piece of bytes) {
      size += piece.length
      if (size > maxCheckedBytes)
        throw new ParleyError(
          'payload_too_large',
          `A part with a checksum has at most ${maxCheckedBytes} bytes. Send smaller parts.`,
        )
      yield piece
    }
  }
}

async function* only(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
