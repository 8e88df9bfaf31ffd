/** Folds everything that happens into one number, so that two runs can be compared. */
export class Recorder {
  #low = 0x811c9dc5
  #high = 0x01000193

  add(at: number, text: string): void {
    this.#mix(Math.floor(at * 1_000) | 0)
    for (let index = 0; index < text.length; index++) this.#mix(text.charCodeAt(index))
  }

  get hash(): string {
    return [this.#high, this.#low].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('')
  }

  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x01000193)
    this.#high = Math.imul(this.#high ^ (this.#low >>> 13) ^ value, 0x85ebca6b)
  }
}
