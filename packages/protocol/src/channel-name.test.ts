import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxChannelNameLength, parseChannelName, patternCovers } from './channel-name.ts'

const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 250 }),
  fc.string({ unit: 'binary', maxLength: 20 }).map((id) => `chat:${id}`),
  fc
    .string({ unit: fc.constantFrom('a', ':', '.', '/', '-', '\u0301', '*'), maxLength: 20 })
    .map((id) => `chat:a${id}`),
)

test('any text is a name in one way or none', () => {
  fc.assert(
    fc.property(anyName, (text) => {
      const name = parseChannelName(text)
      if (name === undefined) return
      expect(`${name.kind}:${name.id}`).toBe(text)
      expect(text.length).toBeLessThanOrEqual(maxChannelNameLength)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(text).not.toMatch(/[\s\u0000-\u001f\u007f/\\'"*?#%<>]|\.\./)
      expect(text.isWellFormed()).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('a name is quickly judged, however it is made', () => {
  for (const part of ['a', '.', ':', '\u0301', 'a.']) {
    const name = `chat:${part.repeat(1_000_000)}`
    expect(parseChannelName(name)).toBeUndefined()
  }
})

test('a pattern with a star at the end covers what begins with the rest', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (start, rest) => {
      expect(patternCovers(`${start}*`, start + rest)).toBe(true)
      expect(patternCovers(`x${start}*`, `y${start}${rest}`)).toBe(false)
    }),
  )
})

test('a pattern without a star covers itself alone', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes('*')),
      fc.string({ minLength: 1 }),
      (name, more) => {
        expect(patternCovers(name, name)).toBe(true)
        expect(patternCovers(name, name + more)).toBe(false)
      },
    ),
  )
})
