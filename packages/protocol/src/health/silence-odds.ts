// Written by `npm run train-links`: see docs/connection-health.md.

/** From so many milliseconds without an answer on, the probability that a link is dead within 30 s. */
export const silenceOdds: readonly (readonly [ms: number, probability: number])[] = [
  [4000, 0.391],
  [9000, 0.736],
  [14000, 0.832],
  [19000, 0.916],
  [24000, 0.959],
  [29000, 0.996],
]
