import { SharedText } from './shared-text.ts'

/** Texts as lines, each behind a line feed. The same texts go to many in a row: what they make is kept until others come. */
export class JoinedLines {
  #texts: readonly string[] = []
  #joined: SharedText | undefined

  of(texts: readonly string[]): SharedText | undefined {
    if (!isSame(texts, this.#texts)) {
      this.#texts = texts
      this.#joined = texts.length === 0 ? undefined : new SharedText(`\n${texts.join('\n')}`)
    }
    return this.#joined
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index])
}
