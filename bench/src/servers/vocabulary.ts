const syllables = [
  'ba',
  'do',
  'fe',
  'gi',
  'ko',
  'lu',
  'ma',
  'ne',
  'po',
  'ra',
  'si',
  'tu',
  've',
  'wo',
  'za',
  'hi',
]
const words = 20_000
const shortest = 6
const longest = 16

/** The word of a rank: `wordOf(0)` is the commonest and stands in about half of all sentences. */
export function wordOf(rank: number): string {
  let word = ''
  for (let rest = rank + syllables.length; rest > 0; rest = Math.floor(rest / syllables.length))
    word += syllables[rest % syllables.length] as string
  return word
}

/** Makes sentences of words that are as unevenly common as those of a language (Zipf); the same for the same seed. */
export function sentenceMaker(seed: number): () => string {
  let state = seed
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  // The inverse of a Zipf distribution with exponent 1: rank = words^u.
  const word = (): string => wordOf(Math.floor(words ** random()) - 1)
  return () => {
    const length = shortest + Math.floor(random() * (longest - shortest))
    return Array.from({ length }, word).join(' ')
  }
}
