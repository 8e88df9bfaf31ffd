/** Texts remembered; then both ends begin anew. Modules have some hundred statements. */
const maxTexts = 2_048

/** What the other end must know before it reads what was numbered since the message before. */
export interface NewTexts {
  /** Number of the first of `added`; whatever had a higher one is forgotten. */
  readonly from: number
  readonly added: readonly string[]
}

/**
 * Numbers for the statements that go from thread to thread again and again: their text is longer than all else in a
 * unit, and would be copied, hashed and thrown away each time.
 */
export class SqlTexts {
  readonly #numbers = new Map<string, number>()
  #added: string[] = []
  #from = 0

  numberOf(sql: string): number {
    const known = this.#numbers.get(sql)
    if (known !== undefined) return known
    const number = this.#numbers.size
    this.#numbers.set(sql, number)
    this.#added.push(sql)
    return number
  }

  /** To be sent with what was numbered since the call before. */
  take(): NewTexts {
    const taken = { from: this.#from, added: this.#added }
    this.#added = []
    if (this.#numbers.size >= maxTexts) this.#numbers.clear()
    this.#from = this.#numbers.size
    return taken
  }
}

/** Brings the texts of the other end up to date. */
export function learn(texts: string[], { from, added }: NewTexts): void {
  texts.length = from
  texts.push(...added)
}
