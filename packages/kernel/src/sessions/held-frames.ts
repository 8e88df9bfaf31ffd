import type { ClientFrame } from '@parley/protocol'

const maxFrames = 1_100

/**
 * Frames of one connection that may not be carried out yet, in the order in which they came: its `connect` is being
 * looked at, or its replies are not taken. Bound: 1,100 frames, and `maxLength` characters.
 */
export class HeldFrames {
  #frames: { readonly frame: ClientFrame; readonly length: number }[] = []
  #length = 0
  readonly #maxLength: number

  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** Answers false when there is no room for the frame. */
  add(frame: ClientFrame, length: number): boolean {
    if (this.#frames.length >= maxFrames || this.#length + length > this.#maxLength) return false
    this.#frames.push({ frame, length })
    this.#length += length
    return true
  }

  /** Carries them out as long as it may go on. Answers whether none is left. */
  carryOut(may: () => boolean, handle: (frame: ClientFrame) => void): boolean {
    while (this.#frames.length > 0) {
      if (!may()) return false
      const first = this.#frames.shift()
      if (first === undefined) break
      this.#length -= first.length
      handle(first.frame)
    }
    return true
  }
}
