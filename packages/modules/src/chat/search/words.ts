/** Different words of one message that can be found; a text with more is found by the first so many. */
const maxWords = 500

/** A word, or one character of a script that writes no spaces between words. */
export interface Token {
  readonly word: string
  /** Of a script without spaces. */
  readonly isRun: boolean
  /** Stands right behind another such character, with nothing between. */
  readonly touches: boolean
}

/** Letters that no normal form takes apart, as people type them who have no key for them. */
const plainLetters: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ð: 'd', þ: 'th', ł: 'l', ħ: 'h', ı: 'i', ς: 'σ' },
}
const plainLetter = new RegExp(`[${Object.keys(plainLetters).join('')}]`, 'gu')

const runs =
  '\\p{scx=Hani}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Hang}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}'
const tokenPattern = new RegExp(
  `((?=[\\p{L}\\p{N}])[${runs}]\\p{M}*)|(?:(?![${runs}])[\\p{L}\\p{N}\\p{M}])+`,
  'gu',
)
// biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range is what is meant
const asciiOnly = /^[\x00-\x7f]*$/

/**
 * The words of a text in order, as search compares them: compatibility forms, case and accents make no difference,
 * and what is neither letter nor digit only parts them.
 */
export function tokensOf(text: string): readonly Token[] {
  if (asciiOnly.test(text))
    return (text.toLowerCase().match(/[a-z0-9]+/g) ?? []).map((word) => ({
      word,
      isRun: false,
      touches: false,
    }))
  const tokens: Token[] = []
  let runEnd = -1
  for (const match of fold(text).matchAll(tokenPattern)) {
    const isRun = match[1] !== undefined
    tokens.push({ word: match[0], isRun, touches: isRun && match.index === runEnd })
    runEnd = isRun ? match.index + match[0].length : -1
  }
  return tokens
}

function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .replace(plainLetter, (letter) => plainLetters[letter] as string)
}

/**
 * The different words by which a text can be found. Scripts without spaces give their single characters and the pairs
 * of neighbours.
 */
export function wordsOf(text: string): ReadonlySet<string> {
  const words = new Set<string>()
  let before = ''
  for (const { word, touches } of tokensOf(text)) {
    words.add(word)
    if (touches) words.add(before + word)
    if (words.size >= maxWords) break
    before = word
  }
  return words
}
