/**
 * Identity of a channel's stream, 64 bits in hex: the same for the same seed, app, channel and incarnation, and not to
 * be guessed without the seed. HalfSipHash-2-4 over the text, as the kernel has no cryptography of its own.
 */
export function deriveEpoch(seed: string, app: string, channel: string, incarnation = 0): string {
  return halfSipHash(`${seed}\n${app.length}:${incarnation}:${app}${channel}`)
}

/** HalfSipHash-2-4 with 64 bits of output (https://github.com/veorq/SipHash), over UTF-16 code units. */
export function halfSipHash(text: string): string {
  const state = new Int32Array([0, 0xee, 0x6c796765, 0x74656462])
  const absorb = (word: number): void => {
    state[3] = (state[3] as number) ^ word
    mix(state, 2)
    state[0] = (state[0] as number) ^ word
  }
  for (let index = 0; index < text.length; index += 2)
    absorb(text.charCodeAt(index) | ((index + 1 < text.length ? text.charCodeAt(index + 1) : 0) << 16))
  absorb(text.length)
  state[2] = (state[2] as number) ^ 0xee
  mix(state, 4)
  const high = (state[1] as number) ^ (state[3] as number)
  state[1] = (state[1] as number) ^ 0xdd
  mix(state, 4)
  return hex(high) + hex((state[1] as number) ^ (state[3] as number))
}

function mix(state: Int32Array, rounds: number): void {
  let [v0 = 0, v1 = 0, v2 = 0, v3 = 0] = state
  for (let round = 0; round < rounds; round++) {
    v0 = (v0 + v1) | 0
    v1 = rotate(v1, 5) ^ v0
    v0 = rotate(v0, 16)
    v2 = (v2 + v3) | 0
    v3 = rotate(v3, 8) ^ v2
    v0 = (v0 + v3) | 0
    v3 = rotate(v3, 7) ^ v0
    v2 = (v2 + v1) | 0
    v1 = rotate(v1, 13) ^ v2
    v2 = rotate(v2, 16)
  }
  state.set([v0, v1, v2, v3])
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
