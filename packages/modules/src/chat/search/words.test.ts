import { describe, expect, test } from 'vitest'
import { keyedDigest, toDigestKey } from './digest.ts'
import { postingChanges, searchableText } from './postings.ts'
import { holds, parseQuery } from './query.ts'
import { wordsOf } from './words.ts'

describe('words', () => {
  test.each([
    ['Hello, WORLD! 42', ['hello', 'world', '42']],
    ['Crème brûlée; naïve façade', ['creme', 'brulee', 'naive', 'facade']],
    ['Straße, Øl, smørrebrød, ŁÓDŹ, ΟΔΟΣ', ['strasse', 'ol', 'smorrebrod', 'lodz', 'οδοσ']],
    ['the ﬁrst ① ２０２５', ['the', 'first', '1', '2025']],
    ['foo_bar e-mail it’s', ['foo', 'bar', 'e', 'mail', 'it', 's']],
    ['東京都', ['東', '京', '東京', '都', '京都']],
    ['東、京 abc漢字def', ['東', '京', 'abc', '漢', '字', '漢字', 'def']],
    ['ガード ｶﾞ', ['ガ', 'ー', 'ガー', 'ド', 'ード']],
    ['한국', ['한', '국', '한국']],
    ['ไม่', ['ไ', 'ม่', 'ไม่']],
    ['हिन्दी में', ['हिन्दी', 'में']],
    ['👍 … ()', []],
  ])('of %s', (text, words) => {
    expect([...wordsOf(text)]).toEqual(words)
  })

  test('of one text are bounded', () => {
    const text = Array.from({ length: 1_000 }, (_, index) => `w${index}`).join(' ')
    expect(wordsOf(text).size).toBe(500)
  })
})

describe('a query', () => {
  test('looks for words and phrases', () => {
    const wanted = parseQuery('Launch "Café du  monde" 東京都 !? ""')
    expect(wanted.words).toEqual(['launch', 'cafe du monde', '東京都'])
    expect([...wanted.terms].sort()).toEqual(['cafe', 'du', 'launch', 'monde', '京都', '東京'])
  })

  test('looks a bounded number of words up, the longest first', () => {
    const { terms, sequences } = parseQuery('a bb ccc dddd eeeee ffffff ggggggg hhhhhhhh iiiiiiiii')
    expect(terms).toHaveLength(8)
    expect(terms[0]).toBe('iiiiiiiii')
    expect(sequences).toHaveLength(9)
  })

  test.each([
    ['launch', 'The LAUNCH-date', true],
    ['launch', 'launches', false],
    ['"du monde"', 'café du, monde', true],
    ['"monde du"', 'café du monde', false],
    ['monde du', 'café du monde', true],
    ['東京', '東京都', true],
    ['東京', '東、京', false],
    ['東都', '東京都', false],
    ['"2025 東京"', 'in 2025 (東京)', true],
    ['猫', '白い猫です', true],
  ])('%s in %s: %s', (query, text, found) => {
    expect(holds(text, parseQuery(query))).toBe(found)
  })

  test('finds names of files', () => {
    const text = searchableText({ text: 'see here', attachments: [{ name: 'budget-2025.xlsx' }] })
    expect(holds(text, parseQuery('budget'))).toBe(true)
  })
})

test('the digest is HalfSipHash-2-4, cut', () => {
  // The first vector of the reference implementation: the empty text, with the key 00 01 … 07.
  expect(keyedDigest({ low: 0x03020100, high: 0x07060504 }, '')).toBe(
    (0xc83cb8b9 & 0x7fff) * 2 ** 32 + 0x591f8d21,
  )
  const [one, other] = [toDigestKey('one'), toDigestKey('other')]
  expect(keyedDigest(one, 'word')).not.toBe(keyedDigest(other, 'word'))
  const digests = Array.from({ length: 20_000 }, (_, index) => keyedDigest(one, `w${index}`))
  expect(new Set(digests).size).toBe(digests.length)
  expect(Math.max(...digests)).toBeLessThan(2 ** 47)
})

test('an edit touches only the words that change', () => {
  const key = toDigestKey('one')
  const place = { conv: 1, at: 2, seq: 3 }
  const message = { author: 'ada', text: 'one two' }
  expect(postingChanges(key, place, { before: message, after: { ...message, text: 'two, one' } })).toEqual([])
  const changes = postingChanges(key, place, { before: message, after: { ...message, text: 'two three' } })
  expect(changes).toHaveLength(2)
})
