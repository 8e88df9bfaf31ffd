/** A secret by which words are digested: without it, a digest says nothing about the word. */
export interface DigestKey {
  readonly low: number
  readonly high: number
}

/** SipHash state of 32-bit words. */
type State = [number, number, number, number]

const compressionRounds = 2
const finalRounds = 4

/**
 * The HalfSipHash-2-4 of a text's UTF-16 units, cut to 47 bits: a whole number that SQLite keeps in six bytes.
 *
 * @see https://github.com/veorq/SipHash
 */
export function keyedDigest(key: DigestKey, text: string): number {
  const { low, high } = key
  const state: State = [low, high ^ 0xee, 0x6c796765 ^ low, 0x74656462 ^ high]
  const even = text.length & ~1
  for (let index = 0; index < even; index += 2)
    absorb(state, text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16))
  const last = even < text.length ? text.charCodeAt(even) : 0
  absorb(state, last | (text.length << 25))
  state[2] ^= 0xee
  const lower = finish(state)
  state[1] ^= 0xdd
  const upper = finish(state)
  return (upper & 0x7fff) * 0x1_0000_0000 + lower
}

function absorb(state: State, word: number): void {
  state[3] ^= word
  for (let round = 0; round < compressionRounds; round++) mix(state)
  state[0] ^= word
}

function finish(state: State): number {
  for (let round = 0; round < finalRounds; round++) mix(state)
  return (state[1] ^ state[3]) >>> 0
}

function mix(state: State): void {
  let [a, b, c, d] = state
  a = (a + b) | 0
  b = rotate(b, 5) ^ a
  a = rotate(a, 16)
  c = (c + d) | 0
  d = rotate(d, 8) ^ c
  a = (a + d) | 0
  d = rotate(d, 7) ^ a
  c = (c + b) | 0
  b = rotate(b, 13) ^ c
  c = rotate(c, 16)
  state[0] = a
  state[1] = b
  state[2] = c
  state[3] = d
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/** The key that a secret text stands for. */
export function toDigestKey(secret: string): DigestKey {
  const half = (part: string): number => keyedDigest({ low: 0, high: 0 }, part + secret) | 0
  return { low: half('low'), high: half('high') }
}
