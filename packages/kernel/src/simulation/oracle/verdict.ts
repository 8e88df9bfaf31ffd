/** What can be wrong. The first four are what a platform is asked for first. */
export const violationKinds = [
  'lost',
  'duplicated',
  'reordered',
  'falselyRecovered',
  /** Somebody got what was not for them, or could do what they may not. */
  'leaked',
  /** An event that nobody sent, or not so. */
  'forged',
  /** A reader was told of a loss that there was not. */
  'brokenForNothing',
  /** An answer that does not fit what happened. */
  'answered',
  /** Keyed state that did not become the same everywhere. */
  'diverged',
  /** Something that should have happened in its time did not. */
  'stuck',
  /** A queue above its bound, or something that is still held after everybody has left. */
  'held',
] as const
export type ViolationKind = (typeof violationKinds)[number]

export interface Violation {
  readonly kind: ViolationKind
  /** Virtual time in ms. */
  readonly at: number
  readonly text: string
  readonly channel?: string | undefined
  /** Who noticed. */
  readonly who?: string | undefined
}

/** Kept in full; further ones are counted. */
const maxKept = 20

/** Collects what is wrong. */
export class Verdict {
  readonly violations: Violation[] = []
  readonly counts: Record<ViolationKind, number> = Object.fromEntries(
    violationKinds.map((kind) => [kind, 0]),
  ) as Record<ViolationKind, number>
  readonly #now: () => number
  readonly #told: (violation: Violation) => void

  constructor(now: () => number, told: (violation: Violation) => void) {
    this.#now = now
    this.#told = told
  }

  fault(kind: ViolationKind, text: string, about: Pick<Violation, 'channel' | 'who'> = {}): void {
    const violation = { kind, at: Math.round(this.#now()), text, ...about }
    this.counts[kind] += 1
    if (this.violations.length < maxKept) this.violations.push(violation)
    this.#told(violation)
  }
}
