import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { sharpImages } from './sharp.ts'

const images = sharpImages()

async function* bytes(buffer: Buffer): AsyncIterable<Uint8Array> {
  for (let at = 0; at < buffer.length; at += 10_000) yield buffer.subarray(at, at + 10_000)
}

/** Red above, blue below. */
async function picture(width: number, height: number) {
  const plain = (rows: number, background: string) =>
    sharp({ create: { width, height: rows, channels: 3, background } })
  const upper = await plain(height / 2, 'red')
    .png()
    .toBuffer()
  const whole = await plain(height, 'blue')
    .composite([{ input: upper, gravity: 'north' }])
    .png()
    .toBuffer()
  return sharp(whole)
}

async function colourAt(image: Uint8Array, left: number, top: number): Promise<'red' | 'blue' | 'other'> {
  const pixel = await sharp(image).extract({ left, top, width: 1, height: 1 }).removeAlpha().raw().toBuffer()
  const [red = 0, , blue = 0] = pixel
  if (red > 200 && blue < 60) return 'red'
  return blue > 200 && red < 60 ? 'blue' : 'other'
}

/** A PNG that is small and claims to be huge, as a decompression bomb is. */
function bomb(side: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([1, 0, 0, 0, 0], 8)
  const rows = deflateSync(Buffer.alloc(Math.ceil(side / 8) * 100))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    ...[chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))],
  ])
}

describe('a picture', () => {
  test('becomes a thumbnail of at most 640 pixels and a placeholder of at most 400 bytes', async () => {
    const image = await (await picture(2_000, 1_000)).jpeg().toBuffer()
    const made = await images.process(bytes(image))
    expect([made.width, made.height]).toEqual([2_000, 1_000])
    expect(await sharp(made.thumbnail).metadata()).toMatchObject({ format: 'webp', width: 640, height: 320 })
    expect(made.placeholder?.length).toBeLessThanOrEqual(400)
    const [, text = ''] = made.placeholder?.split(',') ?? []
    expect(await sharp(Buffer.from(text, 'base64')).metadata()).toMatchObject({
      format: 'webp',
      width: 16,
      height: 8,
    })
  })

  test('that is small stays as large as it is', async () => {
    const made = await images.process(bytes(await (await picture(30, 20)).png().toBuffer()))
    expect(await sharp(made.thumbnail).metadata()).toMatchObject({ width: 30, height: 20 })
  })

  test('is turned as its metadata say, and loses them', async () => {
    const image = await (await picture(400, 200))
      .withExif({ IFD0: { Artist: 'somebody in particular' }, IFD3: { GPSLatitude: '52/1 31/1 0/1' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    expect((await sharp(image).metadata()).orientation).toBe(6)
    const made = await images.process(bytes(image))
    expect([made.width, made.height]).toEqual([200, 400])
    const { width, height, orientation, exif } = await sharp(made.thumbnail).metadata()
    expect([width, height, orientation, exif]).toEqual([200, 400, undefined, undefined])
    // What was above is on the right.
    expect(await colourAt(made.thumbnail, 150, 200)).toBe('red')
    expect(await colourAt(made.thumbnail, 50, 200)).toBe('blue')
  })

  test.each(['png', 'webp', 'gif', 'avif'] as const)('may be a %s', async (format) => {
    const made = await images.process(bytes(await (await picture(100, 50)).toFormat(format).toBuffer()))
    expect([made.width, made.height]).toEqual([100, 50])
    expect(images.types).toContain(`image/${format}`)
  })

  test('with noise still has a placeholder that is short', async () => {
    const noise = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, at) => (at * 7_919) % 251))
    const image = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toBuffer()
    expect((await images.process(bytes(image))).placeholder?.length).toBeLessThanOrEqual(400)
  })
})

describe('is refused', () => {
  const refused = (buffer: Buffer) =>
    images.process(bytes(buffer)).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    )

  test('an image with too many pixels, before it is unpacked', async () => {
    const image = bomb(60_000)
    expect(image.length).toBeLessThan(10_000)
    const before = process.memoryUsage().rss
    expect(await refused(image)).toBe('bad_request')
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
  })

  test('what is no image, and formats that no browser shows', async () => {
    expect(await refused(Buffer.from('no image'))).toBe('bad_request')
    expect(await refused(Buffer.alloc(0))).toBe('bad_request')
    expect(await refused(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'))).toBe(
      'bad_request',
    )
    const jpeg = await (await picture(300, 300)).jpeg().toBuffer()
    expect(await refused(jpeg.subarray(0, 200))).toBe('bad_request')
  })

  test('one more than may wait', async () => {
    const narrow = sharpImages({ maxAtOnce: 1, maxWaiting: 2 })
    const image = await (await picture(50, 50)).png().toBuffer()
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => narrow.process(bytes(image))))
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ])
    expect(outcomes.at(-1)).toMatchObject({ reason: { code: 'overloaded' } })
  })
})

test('the event loop goes on while images are made small', async () => {
  const image = await (await picture(4_000, 3_000)).jpeg().toBuffer()
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 1)
  await Promise.all(Array.from({ length: 4 }, () => images.process(bytes(image))))
  clearInterval(timer)
  expect(turns).toBeGreaterThan(10)
})
