import { ParleyError } from '@parley/protocol'
import type { BlobStore } from '../ports/blob-store.ts'
import { equal, ok, refused } from './conformance/assert.ts'
import { type Cases, type DefineTest, defineCases, range } from './conformance/suite.ts'

/** A blob store under test. */
export interface BlobStoreSubject {
  readonly blobs: BlobStore
  /** Another store over what the first one has kept, as after a crash. With it, what survives is checked. */
  readonly reopen?: () => Promise<BlobStore>
  /** Whether anything is kept under a key, finished or not, looked at from outside. */
  readonly holds?: (text: string) => Promise<boolean>
  readonly close: () => Promise<void>
}

export interface BlobStoreChecks {
  /** Bytes from which on the store treats a blob in another way: what lies around it is checked. Default: 1,000. */
  readonly partBytes?: number
}

/** Defines a test for each guarantee of the port `BlobStore`. `open` gives a fresh, empty store. */
export function checkBlobStore(
  test: DefineTest,
  open: () => Promise<BlobStoreSubject>,
  { partBytes = 1_000 }: BlobStoreChecks = {},
): void {
  defineCases(test, open, { ...writingCases, ...readingCases, ...removingCases, ...sizes(partBytes) })
}

const key = 'app/ab/abcdef'

async function* pieces(...given: (Uint8Array | string)[]): AsyncIterable<Uint8Array> {
  for (const piece of given) yield typeof piece === 'string' ? new TextEncoder().encode(piece) : piece
}

async function* broken(before: Uint8Array | string): AsyncIterable<Uint8Array> {
  yield* pieces(before)
  throw new ParleyError('disconnected')
}

/** Bytes of which every stretch is another. */
function pattern(from: number, to: number): Uint8Array {
  return Uint8Array.from(range(from, to - 1), (at) => (at * 7 + (at >> 8) * 13 + (at >> 16)) & 255)
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  return new TextDecoder().decode(await bytesOf(bytes))
}

async function bytesOf(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of bytes) all.push(piece)
  const whole = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of all) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at])
}

async function written(blobs: BlobStore, text: string, at = key): Promise<void> {
  await blobs.append(at, 0, pieces(text))
  await blobs.finish(at, new TextEncoder().encode(text).length)
}

const writingCases: Cases<BlobStoreSubject> = {
  async 'parts follow one another, and the sum is told'({ blobs }) {
    equal(await blobs.received(key), 0, 'nothing is there before')
    equal(await blobs.append(key, 0, pieces('one ', 'two ')), 8, 'the first part')
    equal(await blobs.received(key), 8, 'what has come is told')
    equal(await blobs.append(key, 8, pieces('three')), 13, 'the second part')
    await blobs.finish(key, 13)
    equal(await textOf(blobs.read(key)), 'one two three', 'the parts are joined')
    equal(await blobs.size(key), 13, 'the size is told')
  },

  async 'a part that does not follow is refused, and changes nothing'({ blobs }) {
    await blobs.append(key, 0, pieces('one'))
    for (const offset of [0, 2, 4])
      await refused(blobs.append(key, offset, pieces('x')), `a part at ${offset}`, ['conflict'])
    equal(await blobs.received(key), 3, 'nothing was added')
  },

  async 'of two parts at the same place one is refused'({ blobs }) {
    const gate = Promise.withResolvers<void>()
    async function* slow(): AsyncIterable<Uint8Array> {
      yield* pieces('slow')
      await gate.promise
    }
    const first = blobs.append(key, 0, slow())
    await refused(blobs.append(key, 0, pieces('fast')), 'the second', ['conflict'])
    gate.resolve()
    equal(await first, 4, 'the first is written')
  },

  async 'after a break it goes on where the store says that it stands'({ blobs }) {
    await blobs.append(key, 0, pieces('one '))
    await refused(blobs.append(key, 4, broken('two ')), 'a part that breaks off', ['disconnected'])
    const stands = await blobs.received(key)
    ok(stands >= 4 && stands <= 8, `what was acknowledged is there, and no more than what came (${stands})`)
    await blobs.append(key, stands, pieces('one two three'.slice(stands)))
    await blobs.finish(key, 13)
    equal(await textOf(blobs.read(key)), 'one two three', 'nothing is missing or double')
  },

  async 'a finished blob never changes'({ blobs }) {
    await written(blobs, 'for good')
    await refused(blobs.append(key, 8, pieces('x')), 'a part behind the end', ['conflict'])
    await refused(blobs.append(key, 0, pieces('x')), 'a part at the beginning', ['conflict'])
    await blobs.finish(key, 8)
    equal(await textOf(blobs.read(key)), 'for good', 'it is what it was')
    equal(await blobs.received(key), 0, 'nothing of it is unfinished')
  },

  async 'a blob of another size than expected is not finished'({ blobs }) {
    await blobs.append(key, 0, pieces('12345'))
    await refused(blobs.finish(key, 6), 'a longer one', ['conflict'])
    await refused(blobs.finish(key, 4), 'a shorter one', ['conflict'])
    equal(await blobs.size(key), undefined, 'it cannot be read')
    await blobs.finish(key, 5)
    equal(await blobs.size(key), 5, 'the right size does it')
  },

  async 'an empty blob is a blob'({ blobs }) {
    await blobs.finish(key, 0)
    equal(await blobs.size(key), 0, 'it is there')
    equal(await textOf(blobs.read(key)), '', 'and empty')
  },

  async 'keys that are none are refused'({ blobs }) {
    const bad = [
      '',
      '.',
      '..',
      '../x',
      '/x',
      'x/',
      'a//b',
      'a/../b',
      'a.b',
      'a\\b',
      'a b',
      'ä',
      'a/b/c/d/e',
      'a\0',
      '%2e%2e',
    ]
    for (const name of bad) {
      await refused(blobs.append(name, 0, pieces('x')), `append to ${JSON.stringify(name)}`, ['bad_request'])
      await refused(blobs.remove(name), `remove of ${JSON.stringify(name)}`, ['bad_request'])
      await refused(textOf(blobs.read(name)), `read of ${JSON.stringify(name)}`, ['bad_request'])
    }
  },

  async 'a crash takes nothing that was acknowledged'({ blobs, reopen }) {
    if (reopen === undefined) return
    await written(blobs, 'finished', 'app/finished')
    await blobs.append(key, 0, pieces('half '))
    const again = await reopen()
    equal(await textOf(again.read('app/finished')), 'finished', 'the finished one is there')
    equal(await again.received(key), 5, 'and so is the half')
    await again.append(key, 5, pieces('whole'))
    await again.finish(key, 10)
    equal(await textOf(again.read(key)), 'half whole', 'which goes on')
  },
}

const readingCases: Cases<BlobStoreSubject> = {
  async 'what is not finished is not there'({ blobs }) {
    equal(await blobs.size(key), undefined, 'nothing is there before')
    await refused(textOf(blobs.read(key)), 'reading nothing', ['not_found'])
    await blobs.append(key, 0, pieces('half'))
    equal(await blobs.size(key), undefined, 'half a blob has no size')
    await refused(textOf(blobs.read(key)), 'reading half a blob', ['not_found'])
  },

  async 'a part is read as asked'({ blobs }) {
    await written(blobs, '0123456789')
    const part = (start: number, end: number) => textOf(blobs.read(key, { start, end }))
    equal(await part(0, 1), '0', 'the first byte')
    equal(await part(3, 7), '3456', 'the middle')
    equal(await part(9, 10), '9', 'the last byte')
    equal(await part(0, 10), '0123456789', 'everything')
    equal(await part(4, 4), '', 'nothing')
  },

  async 'blobs are kept apart'({ blobs }) {
    const names = ['a', 'a/b', 'a/b-c', 'a/B', 'a_b', 'x/b', 'x/a/b/c']
    for (const name of names) await written(blobs, `text of ${name}`, name)
    for (const name of names) equal(await textOf(blobs.read(name)), `text of ${name}`, `the text of ${name}`)
  },

  async 'a reader who stops early frees what it held'({ blobs }) {
    await blobs.append(key, 0, pieces(pattern(0, 300_000)))
    await blobs.finish(key, 300_000)
    for (const _ of range(1, 50)) for await (const piece of blobs.read(key)) if (piece.length > 0) break
    equal((await bytesOf(blobs.read(key))).length, 300_000, 'the next one reads everything')
  },
}

const removingCases: Cases<BlobStoreSubject> = {
  async 'a removed blob is gone'({ blobs, holds }) {
    await written(blobs, 'words to forget')
    await blobs.remove(key)
    equal(await blobs.size(key), undefined, 'it has no size')
    await refused(textOf(blobs.read(key)), 'reading it', ['not_found'])
    if (holds !== undefined) equal(await holds('words to forget'), false, 'nothing keeps its words')
    await written(blobs, 'new words')
    equal(await textOf(blobs.read(key)), 'new words', 'the key is free again')
  },

  async 'an upload that is given up is gone'({ blobs, holds }) {
    await blobs.append(key, 0, pieces('half of some words'))
    await blobs.remove(key)
    equal(await blobs.received(key), 0, 'nothing has come')
    if (holds !== undefined) equal(await holds('half of some words'), false, 'nothing keeps its words')
  },

  async 'what is not there is removed without a word'({ blobs }) {
    await blobs.remove('app/nothing')
    await blobs.remove('app/nothing')
  },

  async 'removing one leaves its neighbours'({ blobs }) {
    await written(blobs, 'stays', 'app/ab/abc')
    await written(blobs, 'goes', 'app/ab/ab')
    await blobs.append('app/ab/abd', 0, pieces('goes on'))
    await blobs.remove('app/ab/ab')
    equal(await textOf(blobs.read('app/ab/abc')), 'stays', 'the finished one is there')
    equal(await blobs.received('app/ab/abd'), 7, 'and so is the half')
  },
}

/** Writes blobs whose sizes lie around a bound, in parts of many sizes. */
function sizes(bound: number): Cases<BlobStoreSubject> {
  const check = async ({ blobs }: BlobStoreSubject, size: number, part: number) => {
    const name = `app/${size}-${part}`
    for (let at = 0; at < size; at += part)
      await blobs.append(name, at, pieces(pattern(at, Math.min(at + part, size))))
    await blobs.finish(name, size)
    ok(same(await bytesOf(blobs.read(name)), pattern(0, size)), `${size} bytes in parts of ${part} come back`)
    const [start, end] = [Math.max(0, bound - 3), Math.min(size, bound + 3)]
    if (start < end)
      ok(
        same(await bytesOf(blobs.read(name, { start, end })), pattern(start, end)),
        `bytes ${start} to ${end} of ${size} come back`,
      )
    await blobs.remove(name)
  }
  return {
    async 'sizes around the size of a part'(subject) {
      for (const size of [bound - 1, bound, bound + 1]) await check(subject, size, size)
    },
    async 'parts smaller and larger than a part of the store'(subject) {
      await check(subject, 2 * bound + 10, Math.ceil(bound / 2) + 1)
      await check(subject, 3 * bound + 1, 2 * bound + 1)
    },
    async 'a break in the middle of a large part'(subject) {
      const { blobs } = subject
      const size = 2 * bound + 5
      await refused(blobs.append(key, 0, broken(pattern(0, bound + 7))), 'the part', ['disconnected'])
      const stands = await blobs.received(key)
      ok(stands <= bound + 7, 'no more is there than came')
      const again = (await subject.reopen?.()) ?? blobs
      equal(await again.received(key), stands, 'a crash changes nothing about it')
      await again.append(key, stands, pieces(pattern(stands, size)))
      await again.finish(key, size)
      ok(same(await bytesOf(again.read(key)), pattern(0, size)), 'the rest follows')
    },
  }
}
