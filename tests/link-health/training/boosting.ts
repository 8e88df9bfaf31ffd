import type { BoostedTrees, Tree } from './boosted-trees.ts'

export interface BoostingOptions {
  readonly trees: number
  readonly depth: number
  readonly rate: number
  /** A leaf holds at least so much (the sum of second derivatives). */
  readonly leafWeight: number
  readonly regularization: number
}

export interface Labelled {
  readonly values: readonly number[]
  readonly fails: boolean
}

const maxBins = 48

/** Values of one feature in steps, so that splits are found by counting. */
interface Binned {
  /** Upper bounds of all bins but the last. */
  readonly bounds: readonly number[]
  readonly bins: Uint8Array
}

/** Trees that are grown one after the other on the gradient of the logistic loss. Equal data give equal trees. */
export function boost(samples: readonly Labelled[], options: BoostingOptions): BoostedTrees {
  const positives = samples.filter(({ fails }) => fails).length
  const bias = Math.log(positives / (samples.length - positives))
  const features = (samples[0]?.values ?? []).map((_, feature) => binned(samples, feature))
  const logOdds = new Float64Array(samples.length).fill(bias)
  const [first, second] = [new Float64Array(samples.length), new Float64Array(samples.length)]
  const trees: Tree[] = []
  for (let count = 0; count < options.trees; count++) {
    for (const [index, { fails }] of samples.entries()) {
      const probability = 1 / (1 + Math.exp(-(logOdds[index] as number)))
      first[index] = (fails ? 1 : 0) - probability
      second[index] = probability * (1 - probability)
    }
    trees.push(new Growing({ features, first, second, logOdds }, options).grow())
  }
  return { bias, trees }
}

function binned(samples: readonly Labelled[], feature: number): Binned {
  const sorted = Float64Array.from(samples, ({ values }) => values[feature] as number).sort()
  const picks = Array.from(
    { length: maxBins - 1 },
    (_, index) => sorted[Math.floor(((index + 1) * sorted.length) / maxBins)],
  )
  // The upper end holds what is rare, which is what is looked for.
  const rare = [0.99, 0.995, 0.998].map((share) => sorted[Math.floor(share * sorted.length)])
  const bounds = [...new Set([...picks, ...rare] as number[])].sort((a, b) => a - b)
  const bins = Uint8Array.from(samples, ({ values }) => binOf(bounds, values[feature] as number))
  return { bounds, bins }
}

function binOf(bounds: readonly number[], value: number): number {
  let [low, high] = [0, bounds.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (value <= (bounds[middle] as number)) high = middle
    else low = middle + 1
  }
  return low
}

interface State {
  readonly features: readonly Binned[]
  readonly first: Float64Array
  readonly second: Float64Array
  readonly logOdds: Float64Array
}

interface Split {
  readonly feature: number
  readonly bin: number
  readonly gain: number
}

class Growing {
  readonly #state: State
  readonly #options: BoostingOptions
  readonly #nodes: (readonly number[])[] = []

  constructor(state: State, options: BoostingOptions) {
    this.#state = state
    this.#options = options
  }

  grow(): Tree {
    const all = Uint32Array.from(this.#state.first.keys())
    this.#node(all, this.#options.depth)
    return this.#nodes as unknown as Tree
  }

  /** Answers the index of the node. */
  #node(rows: Uint32Array, depth: number): number {
    const index = this.#nodes.push([]) - 1
    const split = depth === 0 ? undefined : this.#bestSplit(rows)
    if (split === undefined) {
      this.#nodes[index] = [this.#leaf(rows)]
      return index
    }
    const { bins, bounds } = this.#state.features[split.feature] as Binned
    const left = this.#node(
      rows.filter((row) => (bins[row] as number) <= split.bin),
      depth - 1,
    )
    const right = this.#node(
      rows.filter((row) => (bins[row] as number) > split.bin),
      depth - 1,
    )
    const threshold = Number((bounds[split.bin] as number).toPrecision(6))
    this.#nodes[index] = [split.feature, threshold, left, right]
    return index
  }

  #leaf(rows: Uint32Array): number {
    const { first, logOdds, second } = this.#state
    let [gradient, weight] = [0, 0]
    for (const row of rows) {
      gradient += first[row] as number
      weight += second[row] as number
    }
    const { rate, regularization } = this.#options
    const value = Number(((rate * gradient) / (weight + regularization)).toFixed(4))
    for (const row of rows) logOdds[row] = (logOdds[row] as number) + value
    return value
  }

  #bestSplit(rows: Uint32Array): Split | undefined {
    let best: Split | undefined
    for (const [feature, { bins, bounds }] of this.#state.features.entries()) {
      const split = this.#splitOf(rows, bins, bounds.length)
      if (split !== undefined && split.gain > (best?.gain ?? 1e-6)) best = { feature, ...split }
    }
    return best
  }

  #splitOf(rows: Uint32Array, bins: Uint8Array, count: number): Omit<Split, 'feature'> | undefined {
    const { first, second } = this.#state
    const [gradients, weights] = [new Float64Array(count + 1), new Float64Array(count + 1)]
    let [gradient, weight] = [0, 0]
    for (const row of rows) {
      const bin = bins[row] as number
      gradients[bin] = (gradients[bin] as number) + (first[row] as number)
      weights[bin] = (weights[bin] as number) + (second[row] as number)
      gradient += first[row] as number
      weight += second[row] as number
    }
    const { leafWeight, regularization } = this.#options
    const worth = (g: number, w: number) => (g * g) / (w + regularization)
    let best: Omit<Split, 'feature'> | undefined
    let [leftGradient, leftWeight] = [0, 0]
    for (let bin = 0; bin < count; bin++) {
      leftGradient += gradients[bin] as number
      leftWeight += weights[bin] as number
      if (leftWeight < leafWeight || weight - leftWeight < leafWeight) continue
      const gain =
        worth(leftGradient, leftWeight) +
        worth(gradient - leftGradient, weight - leftWeight) -
        worth(gradient, weight)
      if (gain > (best?.gain ?? 0)) best = { bin, gain }
    }
    return best
  }
}
