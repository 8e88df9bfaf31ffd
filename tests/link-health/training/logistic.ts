import type { Labelled } from './boosting.ts'

/** A weighted sum of normalised features: the logarithm of the odds. */
export interface Logistic {
  readonly bias: number
  readonly weights: readonly number[]
  readonly means: readonly number[]
  readonly deviations: readonly number[]
}

const steps = 300
const rate = 0.5
const decay = 1e-4

/** Logistic regression by gradient descent over all samples. Equal data give equal weights. */
export function fitLogistic(samples: readonly Labelled[]): Logistic {
  const count = samples[0]?.values.length ?? 0
  const columns = Array.from({ length: count }, (_, feature) =>
    samples.map(({ values }) => values[feature] as number),
  )
  const means = columns.map((column) => column.reduce((sum, value) => sum + value, 0) / column.length)
  const deviations = columns.map((column, index) => {
    const mean = means[index] as number
    return Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length) || 1
  })
  const rows = samples.map(({ values }) => normalise(values, means, deviations))
  const weights = new Float64Array(count)
  let bias = -3
  for (let step = 0; step < steps; step++) {
    const gradient = new Float64Array(count)
    let ofBias = 0
    for (const [index, row] of rows.entries()) {
      const error = (samples[index]?.fails === true ? 1 : 0) - sigmoid(bias + dot(row, weights))
      ofBias += error
      for (let feature = 0; feature < count; feature++)
        gradient[feature] = (gradient[feature] as number) + error * (row[feature] as number)
    }
    bias += (rate * ofBias) / rows.length
    for (let feature = 0; feature < count; feature++) {
      const weight = weights[feature] as number
      weights[feature] = weight + rate * ((gradient[feature] as number) / rows.length - decay * weight)
    }
  }
  return { bias, weights: [...weights], means, deviations }
}

export function logisticProbability(
  { bias, weights, means, deviations }: Logistic,
  values: readonly number[],
): number {
  return sigmoid(bias + dot(normalise(values, means, deviations), Float64Array.from(weights)))
}

function normalise(
  values: readonly number[],
  means: readonly number[],
  deviations: readonly number[],
): Float64Array {
  return Float64Array.from(
    values,
    (value, index) => (value - (means[index] as number)) / (deviations[index] as number),
  )
}

function dot(row: Float64Array, weights: Float64Array): number {
  let sum = 0
  for (let index = 0; index < row.length; index++) sum += (row[index] as number) * (weights[index] as number)
  return sum
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value))
}
