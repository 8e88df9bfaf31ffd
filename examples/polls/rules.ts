/** How many votes each choice has. */
export function tally(choices: number, votes: Iterable<number>): number[] {
  const counts = new Array<number>(choices).fill(0)
  for (const choice of votes) counts[choice] = (counts[choice] ?? 0) + 1
  return counts
}
