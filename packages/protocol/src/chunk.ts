import type { ChunkFrame } from './frames.ts'

/** What a chunk costs beside its data: `{"op":"chunk","of":…,"index":…,"data":""}` with numbers of 7 digits. */
const envelopeBytes = 64

/**
 * Cuts the text of a frame above the size limit into chunks (PROTOCOL.md §10): `of` names the number of pieces, `index`
 * counts from 0. Each chunk, encoded, has at most `maxFrameBytes` bytes (with room for two units at the least). Pieces
 * are cut between characters, so that each is text of its own.
 */
export function splitFrame(text: string, maxFrameBytes: number): ChunkFrame[] {
  const room = Math.max(0, maxFrameBytes - envelopeBytes)
  const pieces: string[] = []
  let start = 0
  do {
    const end = pieceEnd(text, start, room)
    pieces.push(text.slice(start, end))
    start = end
  } while (start < text.length)
  return pieces.map((data, index) => ({ op: 'chunk', of: pieces.length, index, data }))
}

/** Where a piece ends whose JSON text takes at most `room` bytes; one character always fits. */
function pieceEnd(text: string, start: number, room: number): number {
  let bytes = 0
  let end = start
  while (end < text.length) {
    const units = isPairAt(text, end) ? 2 : 1
    bytes += units === 2 ? 4 : jsonBytes(text.charCodeAt(end))
    if (bytes > room && end > start) break
    end += units
  }
  return end
}

function isPairAt(text: string, index: number): boolean {
  return isHigh(text.charCodeAt(index)) && isLow(text.charCodeAt(index + 1))
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

/** Bytes of a lone UTF-16 unit in JSON: quote and backslash are escaped, control signs and surrogates as `\uXXXX`. */
function jsonBytes(unit: number): number {
  if (unit < 0x20) return 6
  if (unit < 0x80) return unit === 0x22 || unit === 0x5c ? 2 : 1
  if (unit < 0x800) return 2
  return isHigh(unit) || isLow(unit) ? 6 : 3
}

/** What came of a chunk: more is needed, the frame's text is whole, or the sequence is refused. */
export type Assembly =
  | { readonly status: 'more' }
  | { readonly status: 'whole'; readonly text: string }
  | { readonly status: 'refused'; readonly problem: string }

/**
 * Puts the chunks of one direction together, one frame at a time. Chunk 0 begins a frame, and throws an unfinished one
 * away. Memory is bounded by `maxLength`, whatever comes. After a refusal it is empty again.
 */
export class ChunkAssembly {
  #pieces: string[] = []
  #of = 0
  #length = 0
  readonly #maxLength: number

  /** @param maxLength longest frame in UTF-16 code units, all pieces together */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  add(chunk: ChunkFrame): Assembly {
    if (chunk.index === 0) this.#begin(chunk.of)
    if (chunk.of !== this.#of || chunk.index !== this.#pieces.length || chunk.index >= chunk.of)
      return this.#refuse('Chunks come one after the other, `index` from 0 to `of` - 1.')
    // Empty pieces would grow the list without growing the length.
    if (chunk.data === '' && chunk.of > 1) return this.#refuse('A chunk is not empty.')
    this.#length += chunk.data.length
    if (this.#length > this.#maxLength)
      return this.#refuse(`A frame has at most ${this.#maxLength} characters.`)
    this.#pieces.push(chunk.data)
    if (this.#pieces.length < this.#of) return { status: 'more' }
    const text = this.#pieces.join('')
    this.#begin(0)
    return { status: 'whole', text }
  }

  #begin(of: number): void {
    this.#pieces = []
    this.#of = of
    this.#length = 0
  }

  #refuse(problem: string): Assembly {
    this.#begin(0)
    return { status: 'refused', problem }
  }
}
