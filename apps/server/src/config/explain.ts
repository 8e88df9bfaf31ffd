import { limitDefaults, rateDefaults } from '@parley/kernel'
import { checkLayers, sourceOf, valueAt, withoutSecrets } from './check.ts'
import type { Layer } from './layers.ts'
import { fixedPlaces, isGroup } from './places.ts'
import type { Path } from './shape.ts'

/** A setting in force. */
export interface Setting {
  /** `tokens.clockSkewMs`, `kinds.chat.durability` */
  readonly key: string
  /** JSON; of a secret only how long it is. */
  readonly value: unknown
  /** `parley.yaml:12`, `environment variable PORT`, `default of the production profile` */
  readonly source: string
}

// `max_connections` is the name by which this one is set.
const { maxConnections: _, ...limits } = limitDefaults
const builtIn: Layer = {
  values: { limits, rates: rateDefaults },
  mistakes: [],
  sourceOf: () => 'built-in default',
}

/**
 * Every setting with its value and where that comes from, in the order of their names. Secrets are not shown. Settings
 * that nobody has set and that have no default are left out.
 *
 * @throws ConfigurationError
 */
export function explainLayers(layers: readonly Layer[]): readonly Setting[] {
  const all = [builtIn, ...layers]
  const settings = checkLayers(all)
  const paths = leaves(settings, [])
  return paths
    .map((path) => ({
      key: path.join('.'),
      value: withoutSecrets(path, valueAt(settings, path)),
      source: sourceOf(all, path),
    }))
    .sort((left, right) => (left.key < right.key ? -1 : 1))
}

/** The places of values, from the outside in. A list is one value, unless mappings are in it. */
function leaves(value: unknown, path: Path): readonly Path[] {
  if (value === undefined) return []
  const isList = Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isList && !isMapping) return [path]
  const entries = Object.entries(value as object)
  if (entries.length === 0) return isGroupAt(path) ? [] : [path]
  return entries.flatMap(([key, below]) => leaves(below, [...path, isList ? Number(key) : key]))
}

function isGroupAt(path: Path): boolean {
  const key = path.join('.')
  return [...fixedPlaces.values()].some((place) => place.key === key && isGroup(place))
}
