/**
 * A tree as a list: an inner node is `[feature, threshold, left, right]` (left: the value is at most the threshold), a
 * leaf is `[value]`. The first node is the root.
 */
export type Tree = readonly (readonly [number] | readonly [number, number, number, number])[]

/** Gradient-boosted trees: their leaves add up to the logarithm of the odds. */
export interface BoostedTrees {
  readonly bias: number
  readonly trees: readonly Tree[]
}

/** The probability for a list of feature values. */
export function probabilityOf({ bias, trees }: BoostedTrees, values: readonly number[]): number {
  let logOdds = bias
  for (const tree of trees) logOdds += leafOf(tree, values)
  return 1 / (1 + Math.exp(-logOdds))
}

function leafOf(tree: Tree, values: readonly number[]): number {
  let node = tree[0] as Tree[number]
  while (node.length === 4) {
    const [feature, threshold, left, right] = node
    node = tree[(values[feature] as number) <= threshold ? left : right] as Tree[number]
  }
  return node[0]
}
