import type { ImageProcessor, ProcessedImage } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import sharp, { type Sharp } from 'sharp'

export interface SharpOptions {
  /** Images with more pixels are refused. Default: 50 million. */
  readonly maxPixels?: number
  /** Images worked on at once; others wait. Default 2. */
  readonly maxAtOnce?: number
  /** Images that may wait; one more is refused with `overloaded`. Default 64. */
  readonly maxWaiting?: number
}

const thumbnailPixels = 640
const maxPlaceholder = 400
const longestSeconds = 20

/**
 * Thumbnails by libvips, in threads of its own. Only formats that browsers show are read: libvips knows many more, and
 * each of them is code that strangers could feed.
 */
export function sharpImages(options: SharpOptions = {}): ImageProcessor {
  const { maxPixels = 50_000_000, maxAtOnce = 2, maxWaiting = 64 } = options
  const queue = new Queue(maxAtOnce, maxWaiting)
  sharp.cache(false)
  sharp.concurrency(1)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({
    operation: [
      ...['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'],
      ...['VipsForeignLoadNsgifBuffer', 'VipsForeignLoadHeifBuffer'],
    ],
  })
  return {
    types: ['image/jpeg', 'image/png', 'image/apng', 'image/webp', 'image/gif', 'image/avif'],
    process: (bytes) => queue.run(() => processImage(bytes, maxPixels)),
  }
}

async function processImage(bytes: AsyncIterable<Uint8Array>, maxPixels: number): Promise<ProcessedImage> {
  const whole = await gather(bytes)
  try {
    const read = () =>
      sharp(whole, { limitInputPixels: maxPixels, failOn: 'error', autoOrient: true }).timeout({
        seconds: longestSeconds,
      })
    const { width, height } = (await read().metadata()).autoOrient
    const thumbnail = await read()
      .resize({ width: thumbnailPixels, height: thumbnailPixels, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 78 })
      .toBuffer()
    const small = () => sharp(thumbnail).timeout({ seconds: longestSeconds })
    return {
      ...{ width, height, thumbnail },
      placeholder: await placeholderOf(small),
    }
  } catch (cause) {
    throw new ParleyError(
      'bad_request',
      'The bytes are no image that can be shown, or one with too many pixels.',
      {
        cause,
      },
    )
  }
}

/** As large as fits. */
async function placeholderOf(read: () => Sharp): Promise<string | undefined> {
  for (const size of [16, 12, 8, 4]) {
    const bytes = await read()
      .resize({ width: size, height: size, fit: 'inside' })
      .webp({ quality: 30 })
      .toBuffer()
    const url = `data:image/webp;base64,${bytes.toString('base64')}`
    if (url.length <= maxPlaceholder) return url
  }
  return undefined
}

async function gather(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Runs some jobs at once and lets some wait. */
class Queue {
  readonly #maxAtOnce: number
  readonly #maxWaiting: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(maxAtOnce: number, maxWaiting: number) {
    this.#maxAtOnce = maxAtOnce
    this.#maxWaiting = maxWaiting
  }

  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#running < this.#maxAtOnce) this.#running += 1
    else await this.#turn()
    try {
      return await job()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting)
      throw new ParleyError('overloaded', 'Too many images wait to be made small.', { retryAfterMs: 1_000 })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
