/** Part of a blob: from `start` to before `end`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * Bytes by key, beside the store: files that people send. A blob is written from front to back in one or more parts,
 * is finished, and never changes again.
 *
 * Guarantees. Keys are made by the server: one to four segments of letters, digits, `-` and `_`, joined by `/`; any other
 * key is refused with `bad_request`. What `append` and `finish` have answered survives a crash. Readers see a finished
 * blob whole or not at all. After `remove` no file holds its bytes. Errors beside those named: `store_full`, `unavailable`
 * (try again).
 */
export interface BlobStore {
  /**
   * Writes bytes behind what is there, and answers the new size when they are on stable storage. When `bytes` throws,
   * that error comes out, and of what came before some may be kept: `received` tells.
   *
   * @throws ParleyError `conflict` when the blob is not `offset` bytes long, is finished, or is being written
   */
  append(key: string, offset: number, bytes: AsyncIterable<Uint8Array>): Promise<number>
  /** Bytes of an unfinished blob that are on stable storage; 0 when there is none. */
  received(key: string): Promise<number>
  /**
   * Makes the blob readable; repeating it does nothing. A blob of size 0 needs no `append`.
   *
   * @throws ParleyError `conflict` when it is not `size` bytes long
   */
  finish(key: string, size: number): Promise<void>
  /** The size of a finished blob; undefined when there is none. */
  size(key: string): Promise<number | undefined>
  /**
   * Bytes of a finished blob, at the reader's pace.
   *
   * @throws ParleyError `not_found`
   */
  read(key: string, range?: ByteRange): AsyncIterable<Uint8Array>
  /** Removes a blob, finished or not; there need be none. */
  remove(key: string): Promise<void>
}
