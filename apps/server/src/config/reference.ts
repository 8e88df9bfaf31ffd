import { limitDefaults, rateDefaults } from '@parley/kernel'
import { settingDescriptions } from './descriptions.ts'
import { variableOf } from './layers.ts'
import { profiles } from './profiles.ts'
import { configSchema, profileNames } from './schema.ts'
import { expectation, fixedPaths, keysAt, schemaAt } from './shape.ts'

/** A setting, for people. */
export interface SettingReference {
  /** `tokens.clockSkewMs` */
  readonly key: string
  /** What may stand there, in words. */
  readonly expected: string
  /** What it does; empty for limits, which the kernel describes. */
  readonly description: string
  /** The environment variable that sets it. */
  readonly variable: string
  /** Its default by profile; one without a default is absent. */
  readonly defaults: Readonly<Record<string, unknown>>
}

/** Every setting with a fixed name, in the order in which the configuration declares them. */
export function settingReferences(): readonly SettingReference[] {
  return fixedPaths(configSchema)
    .filter((path) => keysAt(configSchema, path).length === 0)
    .map((path) => {
      const key = path.join('.')
      return {
        key,
        expected: expectation(schemaAt(configSchema, path) as never),
        description: settingDescriptions[key] ?? settingDescriptions[path.slice(0, -1).join('.')] ?? '',
        variable: variableOf(path),
        defaults: Object.fromEntries(
          profileNames.flatMap((profile) => {
            const value = defaultAt(profile, path)
            return value === undefined ? [] : [[profile, value]]
          }),
        ),
      }
    })
}

function defaultAt(profile: (typeof profileNames)[number], path: readonly string[]): unknown {
  const all = { ...(profiles[profile] as object), limits: limitDefaults, rates: rateDefaults }
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], all)
}
