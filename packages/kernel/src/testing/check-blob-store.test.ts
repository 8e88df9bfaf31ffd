import { describe, expect, test } from 'vitest'
import { memoryBlobStore } from '../memory/blob-store.ts'
import type { BlobStore } from '../ports/blob-store.ts'
import { checkBlobStore } from './check-blob-store.ts'

/** What is wrong with a store, and a check that must notice. */
const defects: Record<string, readonly [plant: (blobs: BlobStore) => Partial<BlobStore>, noticedBy: string]> =
  {
    'nothing is wrong': [() => ({}), ''],
    'any offset will do': [
      (blobs) => ({
        append: async (key, _offset, bytes) => blobs.append(key, await blobs.received(key), bytes),
      }),
      'a part that does not follow is refused, and changes nothing',
    ],
    'a break is swallowed': [
      (blobs) => ({
        append: (key, offset, bytes) => blobs.append(key, offset, bytes).catch(() => blobs.received(key)),
      }),
      'after a break it goes on where the store says that it stands',
    ],
    'more is told than is there': [
      (blobs) => ({ received: async (key) => (await blobs.received(key)) + 1 }),
      'parts follow one another, and the sum is told',
    ],
    'what is finished still counts as received': [
      (blobs) => ({ received: async (key) => (await blobs.size(key)) ?? blobs.received(key) }),
      'a finished blob never changes',
    ],
    'any size is finished': [
      (blobs) => ({ finish: async (key) => blobs.finish(key, await blobs.received(key)) }),
      'a blob of another size than expected is not finished',
    ],
    'half a blob can be read': [
      (blobs) => ({
        size: async (key) => (await blobs.size(key)) ?? ((await blobs.received(key)) || undefined),
      }),
      'what is not finished is not there',
    ],
    'the end of a range is in it': [
      (blobs) => ({
        read: (key, range) => blobs.read(key, range && { start: range.start, end: range.end + 1 }),
      }),
      'a part is read as asked',
    ],
    'keys differ by their last part alone': [
      (blobs) => {
        const short = (key: string) => key.split('/').at(-1) ?? ''
        return {
          append: (key, offset, bytes) => blobs.append(short(key), offset, bytes),
          finish: (key, size) => blobs.finish(short(key), size),
          read: (key, range) => blobs.read(short(key), range),
        }
      },
      'blobs are kept apart',
    ],
    'removing takes everything that begins so': [
      (blobs) => ({
        async remove(key) {
          for (const rest of ['', 'c', 'd']) await blobs.remove(key + rest)
        },
      }),
      'removing one leaves its neighbours',
    ],
    'an upload that was given up stays': [
      (blobs) => ({
        remove: async (key) => ((await blobs.size(key)) === undefined ? undefined : blobs.remove(key)),
      }),
      'an upload that is given up is gone',
    ],
  }

describe('the blob store checks notice', () => {
  test.each(Object.entries(defects))('%s', async (_defect, [plant, noticedBy]) => {
    const failed: string[] = []
    const checks: (readonly [name: string, run: () => Promise<void>])[] = []
    checkBlobStore(
      (name, run) => checks.push([name, run]),
      async () => {
        const sound = memoryBlobStore()
        return { blobs: { ...sound, ...plant(sound) }, close: async () => undefined }
      },
    )
    for (const [name, run] of checks) await run().catch(() => failed.push(name))
    if (noticedBy === '') expect(failed).toEqual([])
    else expect(failed).toContain(noticedBy)
  })
})
