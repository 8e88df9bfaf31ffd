/** What thumbnails are. */
export const thumbnailType = 'image/webp'

/** What is made of an image so that it can be shown small, at once, and in its place. */
export interface ProcessedImage {
  /** In pixels, as it is shown: turned as its metadata say. */
  readonly width: number
  readonly height: number
  /** Of {@link thumbnailType}, without the metadata of the image. */
  readonly thumbnail: Uint8Array
  /** A `data:` URL of at most 400 bytes: a picture of some pixels to show while the image loads. */
  readonly placeholder: string | undefined
}

/**
 * Makes thumbnails. Guarantees: an image with more pixels than the limit is refused before it is unpacked; work is done
 * off the event loop, with a bounded number of images at once; a call ends.
 */
export interface ImageProcessor {
  /** Media types that it can read. */
  readonly types: readonly string[]
  /** @throws ParleyError `bad_request` for bytes that are no such image, or too large a one */
  process(bytes: AsyncIterable<Uint8Array>): Promise<ProcessedImage>
}
