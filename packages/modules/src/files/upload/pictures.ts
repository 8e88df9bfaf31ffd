import type { ProcessedImage } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { FileRecord } from '../model.ts'
import { change, type FileName, type FilesParts } from '../parts.ts'
import { lockKey } from '../removal.ts'
import { blobKey, isShowable, thumbnailKey } from '../rules.ts'
import { findFile, saveFile } from '../store.ts'
import { saveReady } from './ready.ts'

/** Pictures that are worked on at once. */
const atOnce = 2
/** After so many failures that might have passed, a picture is left as it is. */
const maxFailures = 5
const retryMs = 30_000

/**
 * Makes thumbnails, behind the requests. What does not fit into the queue, and what a crash left, is still due in the
 * store: the sweep brings it again.
 */
export class Pictures {
  readonly #parts: () => FilesParts
  readonly #waiting: FileName[] = []
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #settlers = new Map<string, () => void>()
  #running = 0
  #isStopped = false

  constructor(parts: () => FilesParts) {
    this.#parts = parts
  }

  /** Whether a thumbnail is made of a file. */
  takes(type: string, size: number): boolean {
    const { images, limits } = this.#parts()
    return images?.types.includes(type) === true && size > 0 && size <= limits.maxImageBytes
  }

  enqueue(named: FileName): void {
    const key = lockKey(named)
    if (this.#isStopped || this.#underWay.has(key)) return
    if (this.#waiting.length >= this.#parts().limits.maxWaitingImages) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#underWay.set(key, promise)
    this.#settlers.set(key, resolve)
    this.#waiting.push(named)
    this.#next()
  }

  /** Fulfilled when what is queued or under way for a file is done. */
  settled(named: FileName): Promise<void> {
    return this.#underWay.get(lockKey(named)) ?? Promise.resolve()
  }

  /** Finishes what is under way and drops what waits. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const named of this.#waiting.splice(0)) this.#done(named)
    await Promise.all(this.#underWay.values())
  }

  #next(): void {
    while (this.#running < atOnce) {
      const named = this.#waiting.shift()
      if (named === undefined) return
      this.#running += 1
      void this.#work(named).finally(() => {
        this.#running -= 1
        this.#done(named)
        this.#next()
      })
    }
  }

  #done(named: FileName): void {
    const key = lockKey(named)
    this.#settlers.get(key)?.()
    this.#settlers.delete(key)
    this.#underWay.delete(key)
  }

  async #work(named: FileName): Promise<void> {
    const parts = this.#parts()
    try {
      await parts.locks.run(lockKey(named), () => processPicture(parts, named))
    } catch (error) {
      // It stays due: the sweep comes back to it.
      parts
        .services()
        .log.warn('A thumbnail could not be made now.', { file: named.file, error: String(error) })
    }
  }
}

async function processPicture(parts: FilesParts, { app, file }: FileName): Promise<void> {
  const record = await parts.services().run(app, async (ctx) => (await findFile(ctx, file))?.record)
  if (record?.status !== 'processing') return
  const image = await attempt(parts, { app, file }, record)
  if (image !== undefined) await store(parts, thumbnailKey(app, file), image.thumbnail)
  const isKept = await change(parts, { app, owner: record.owner }, async (ctx) => {
    const before = await findFile(ctx, file)
    if (before?.record.status !== 'processing') return false
    const { type = '' } = before.record
    const found =
      image === undefined
        ? { type, isInline: false }
        : { type, isInline: isShowable(type), hasThumbnail: true, width: image.width, height: image.height }
    await saveReady(ctx, file, { before, found, placeholder: image?.placeholder, limits: parts.limits })
    return true
  })
  if (!isKept) await parts.blobs.remove(thumbnailKey(app, file))
}

/** Undefined for bytes of which nothing can be made, now or later: they are not shown in pages. */
async function attempt(
  parts: FilesParts,
  { app, file }: FileName,
  { owner }: FileRecord,
): Promise<ProcessedImage | undefined> {
  try {
    return await parts.images?.process(parts.blobs.read(blobKey(app, file)))
  } catch (error) {
    if (error instanceof ParleyError && error.code === 'bad_request') return undefined
    const failures = await change(parts, { app, owner }, async (ctx) => {
      const before = await findFile(ctx, file)
      if (before?.record.status !== 'processing') return 0
      const failed = (before.record.failures ?? 0) + 1
      const due = ctx.clock.now() + retryMs * failed
      saveFile(ctx, file, { before, after: { ...before.record, failures: failed, due } })
      return failed
    })
    if (failures >= maxFailures) return undefined
    throw error
  }
}

async function store(parts: FilesParts, key: string, bytes: Uint8Array): Promise<void> {
  // What an earlier attempt left.
  await parts.blobs.remove(key)
  await parts.blobs.append(key, 0, once(bytes))
  await parts.blobs.finish(key, bytes.length)
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
