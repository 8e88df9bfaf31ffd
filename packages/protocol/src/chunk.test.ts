import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChunkAssembly, splitFrame } from './chunk.ts'
import { encodeFrame } from './json-codec.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 2_000 }),
  fc.string({
    unit: fc.constantFrom('\ud83d', '\ude00', '😀', '\0', '"', '\\', '\n', 'a', 'é', '数'),
    maxLength: 500,
  }),
)
const bytesOf = (text: string) => new TextEncoder().encode(text).length

/** Sends the chunks as a wire does: as UTF-8, which a lone surrogate does not survive unescaped. */
function travel(text: string, maxFrameBytes: number): string | undefined {
  const assembly = new ChunkAssembly(text.length)
  let whole: string | undefined
  for (const chunk of splitFrame(text, maxFrameBytes)) {
    const bytes = new TextEncoder().encode(encodeFrame(chunk))
    const result = assembly.add(JSON.parse(new TextDecoder().decode(bytes)))
    if (result.status === 'refused') throw new Error(result.problem)
    if (result.status === 'whole') whole = result.text
  }
  return whole
}

describe('a frame cut into chunks', () => {
  test('is put together again, whatever the text and the size', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 0, max: 4_000 }), (text, size) => {
        expect(travel(text, size)).toBe(text)
      }),
      { numRuns: 1_000 },
    )
  })

  test('keeps every chunk within the limit', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 76, max: 1_000 }), (text, size) => {
        for (const chunk of splitFrame(text, size))
          expect(bytesOf(encodeFrame(chunk))).toBeLessThanOrEqual(size)
      }),
      { numRuns: 1_000 },
    )
  })

  test('fills its chunks', () => {
    const chunks = splitFrame('x'.repeat(1_000_000), 65_536)
    expect(chunks).toHaveLength(16)
  })

  test('never cuts a pair', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('😀', 'a'), minLength: 1 }),
        fc.integer({ min: 0, max: 100 }),
        (text, size) => {
          for (const { data } of splitFrame(text, size)) expect(data.isWellFormed()).toBe(true)
        },
      ),
    )
  })

  test('an empty text is one empty chunk', () => {
    expect(splitFrame('', 100)).toEqual([{ op: 'chunk', of: 1, index: 0, data: '' }])
    expect(travel('', 100)).toBe('')
  })
})

describe('an assembly', () => {
  test('takes any sequence of chunks without holding more than its bound', () => {
    const chunk = fc.record({
      op: fc.constant('chunk' as const),
      of: fc.integer({ min: 1, max: 5 }),
      index: fc.integer({ min: 0, max: 5 }),
      data: fc.string({ maxLength: 5 }),
    })
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 50 }), (chunks) => {
        const assembly = new ChunkAssembly(12)
        for (const piece of chunks) {
          const result = assembly.add(piece)
          if (result.status === 'whole') expect(result.text.length).toBeLessThanOrEqual(12)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('works again after a refusal', () => {
    const assembly = new ChunkAssembly(10)
    expect(assembly.add({ op: 'chunk', of: 2, index: 0, data: 'a' }).status).toBe('more')
    expect(assembly.add({ op: 'chunk', of: 2, index: 1, data: 'x'.repeat(10) })).toEqual({
      status: 'refused',
      problem: 'A frame has at most 10 characters.',
    })
    expect(assembly.add({ op: 'chunk', of: 2, index: 1, data: 'b' }).status).toBe('refused')
    expect(assembly.add({ op: 'chunk', of: 1, index: 0, data: 'ok' })).toEqual({
      status: 'whole',
      text: 'ok',
    })
  })

  test('does not collect empty pieces', () => {
    const assembly = new ChunkAssembly(10)
    expect(assembly.add({ op: 'chunk', of: Number.MAX_SAFE_INTEGER, index: 0, data: '' })).toEqual({
      status: 'refused',
      problem: 'A chunk is not empty.',
    })
  })
})
