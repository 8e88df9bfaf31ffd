import type { Priority } from '../contract.ts'

/** One of the five classes; `urgent` is `critical`. */
export type PriorityClass = Exclude<Priority, 'urgent'>

/** From what goes first to what can wait. */
export const priorities = [
  'critical',
  'high',
  'normal',
  'low',
  'background',
] as const satisfies PriorityClass[]

/** Share of the turns of each class while all wait. */
const weights = [16, 8, 4, 2, 1] as const

const ranks: Readonly<Record<Priority, number>> = {
  critical: 0,
  urgent: 0,
  high: 1,
  normal: 2,
  low: 3,
  background: 4,
}

/** Index among {@link priorities}; default `normal`. What is no priority counts as that too. */
export function rankOf(priority: Priority | undefined): number {
  return ranks[priority ?? 'normal'] ?? ranks.normal
}

/**
 * Whose turn it is, by smooth weighted round robin (the scheme of nginx's upstream balancer): while all wait, `critical`
 * has 16 turns of 31 and `background` one, evenly spread; a class that has nothing leaves its turns to the others. So
 * nobody waits for ever, and who asks for less than its share hardly waits.
 */
export class PriorityTurns {
  readonly #credits = [0, 0, 0, 0, 0]

  /** @param waiting how many wait, by rank. Answers the rank whose turn it is, or -1 when nobody waits. */
  next(waiting: readonly number[]): number {
    const credits = this.#credits
    let best = -1
    let total = 0
    for (let rank = 0; rank < 5; rank++) {
      if ((waiting[rank] as number) === 0) continue
      credits[rank] = (credits[rank] as number) + (weights[rank] as number)
      total += weights[rank] as number
      if (best < 0 || (credits[rank] as number) > (credits[best] as number)) best = rank
    }
    if (best >= 0) credits[best] = (credits[best] as number) - total
    return best
  }
}
