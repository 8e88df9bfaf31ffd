import { type Token, tokensOf } from './words.ts'

/** Words that are looked up; all others are looked for in the texts that these lead to. */
const maxTerms = 8

/** What somebody looks for. */
export interface Wanted {
  /** Each must stand in the text, its tokens side by side. */
  readonly sequences: readonly (readonly Token[])[]
  /** By which messages are looked up: the longest, which are likely to be the rarest. */
  readonly terms: readonly string[]
  /** As they are compared, for highlighting. */
  readonly words: readonly string[]
}

/** Reads words and `"phrases"`. */
export function parseQuery(text: string): Wanted {
  const sequences = [...text.matchAll(/"([^"]*)"|[^"\s]+/g)].flatMap(([part, phrase]) =>
    phrase === undefined ? wordsApart(tokensOf(part)) : [tokensOf(phrase)],
  )
  const wanted = sequences.filter((sequence) => sequence.length > 0)
  const terms = new Set(wanted.flatMap(termsOf))
  return {
    sequences: wanted,
    terms: [...terms].sort((one, other) => other.length - one.length).slice(0, maxTerms),
    words: [...new Set(wanted.map(toText))],
  }
}

/** Each word for itself; characters that touch stay together. */
function wordsApart(tokens: readonly Token[]): Token[][] {
  const sequences: Token[][] = []
  for (const token of tokens)
    if (token.touches) sequences.at(-1)?.push(token)
    else sequences.push([token])
  return sequences
}

/** What `wordsOf` gives for every text that holds the sequence. */
function termsOf(sequence: readonly Token[]): string[] {
  return sequence.flatMap(({ word, touches }, index) => {
    if (touches && index > 0) return [(sequence[index - 1] as Token).word + word]
    return sequence[index + 1]?.touches === true ? [] : [word]
  })
}

function toText(sequence: readonly Token[]): string {
  return sequence.map(({ word, touches }, index) => (touches || index === 0 ? word : ` ${word}`)).join('')
}

/** Whether a text holds everything that is wanted. */
export function holds(text: string, { sequences }: Wanted): boolean {
  if (sequences.length === 0) return true
  const tokens = tokensOf(text)
  return sequences.every((sequence) => tokens.some((_, start) => standsAt(tokens, start, sequence)))
}

function standsAt(tokens: readonly Token[], start: number, sequence: readonly Token[]): boolean {
  return sequence.every(({ word, touches }, index) => {
    const token = tokens[start + index]
    return token?.word === word && (index === 0 || token.touches === touches)
  })
}
