/** The words of a message in one paragraph, without the signs of Markdown; long ones end early. */
export function plainOf(text: string, most = 280): string {
  const plain = text
    .replace(/```[^\n`]*\n?([\s\S]*?)```/g, '$1')
    .replace(/\[([^\]\n]*)\]\([^)\n]*\)/g, '$1')
    .replace(/^\s{0,3}(?:>+|[-*+]|\d+[.)]|#{1,6})\s+/gm, '')
    .replace(/(\*\*|__|~~|`)(?=\S)([\s\S]*?\S)\1/g, '$2')
    .replace(/(^|[^\p{L}\p{N}])([*_])(?=\S)([^*_\n]*?\S)\2(?![\p{L}\p{N}])/gu, '$1$3')
    .replace(/\s+/g, ' ')
    .trim()
  if (plain.length <= most) return plain
  const cut = plain.slice(0, most)
  const end = cut.lastIndexOf(' ')
  return `${cut.slice(0, end > most / 2 ? end : most).trimEnd()} …`
}

/** A part of a text, marked or not. */
export interface Part {
  readonly text: string
  readonly isMarked: boolean
}

const eastAsian = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u

/** Cuts a text where words were found. Words are given as the server compares them: small letters without accents. */
export function markedParts(text: string, words: readonly string[]): readonly Part[] {
  const whole = new Set(words.filter((word) => !eastAsian.test(word)))
  const inside = words.filter((word) => eastAsian.test(word))
  const marks: [from: number, to: number][] = []
  for (const { 0: token, index } of text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    if (whole.has(folded(token))) marks.push([index, index + token.length])
    else for (const word of inside) marks.push(...placesOf(word, token, index))
  }
  return partsOf(text, marks)
}

function folded(token: string): string {
  return token.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

function placesOf(word: string, token: string, offset: number): [number, number][] {
  const places: [number, number][] = []
  for (let at = token.indexOf(word); at >= 0; at = token.indexOf(word, at + 1))
    places.push([offset + at, offset + at + word.length])
  return places
}

function partsOf(text: string, marks: [from: number, to: number][]): readonly Part[] {
  const parts: Part[] = []
  let at = 0
  for (const [from, to] of marks.sort((a, b) => a[0] - b[0])) {
    if (to <= at) continue
    const start = Math.max(from, at)
    if (start > at) parts.push({ text: text.slice(at, start), isMarked: false })
    const last = parts.at(-1)
    if (last?.isMarked) parts[parts.length - 1] = { text: last.text + text.slice(start, to), isMarked: true }
    else parts.push({ text: text.slice(start, to), isMarked: true })
    at = to
  }
  if (at < text.length) parts.push({ text: text.slice(at), isMarked: false })
  return parts
}
