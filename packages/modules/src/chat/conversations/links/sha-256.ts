/** Fractions of square or cube roots of the first primes, as the standard's constants are made. */
function rootFractions(count: number, root: (prime: number) => number): Uint32Array {
  const primes: number[] = []
  for (let candidate = 2; primes.length < count; candidate++)
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate)
  return Uint32Array.from(primes, (prime) => (root(prime) % 1) * 0x1_0000_0000)
}

const initial = rootFractions(8, Math.sqrt)
const constants = rootFractions(64, Math.cbrt)

/** The SHA-256 (FIPS 180-4) of a text's UTF-8 bytes, in hexadecimal. */
export function sha256(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) * 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 4, bytes.length * 8)
  const state = initial.slice()
  for (let block = 0; block < padded.length; block += 64) absorb(state, view, block)
  return [...state].map((word) => word.toString(16).padStart(8, '0')).join('')
}

const schedule = new Uint32Array(64)

function absorb(state: Uint32Array, view: DataView, block: number): void {
  for (let index = 0; index < 16; index++) schedule[index] = view.getUint32(block + index * 4)
  for (let index = 16; index < 64; index++) {
    const near = at(schedule, index - 2)
    const far = at(schedule, index - 15)
    const nearMix = turn(near, 17) ^ turn(near, 19) ^ (near >>> 10)
    const farMix = turn(far, 7) ^ turn(far, 18) ^ (far >>> 3)
    schedule[index] = at(schedule, index - 16) + farMix + at(schedule, index - 7) + nearMix
  }
  const words = state.slice()
  for (let round = 0; round < 64; round++) mix(words, (at(constants, round) + at(schedule, round)) | 0)
  for (let index = 0; index < 8; index++) state[index] = at(state, index) + at(words, index)
}

function mix(words: Uint32Array, input: number): void {
  const [a, e] = [at(words, 0), at(words, 4)]
  const choice = (e & at(words, 5)) ^ (~e & at(words, 6))
  const majority = (a & at(words, 1)) ^ (a & at(words, 2)) ^ (at(words, 1) & at(words, 2))
  const first = (at(words, 7) + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + choice + input) | 0
  const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority) | 0
  words.copyWithin(1, 0, 7)
  words[4] = at(words, 4) + first
  words[0] = first + second
}

function at(words: Uint32Array, index: number): number {
  return words[index] as number
}

function turn(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}
