import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigurationError, checkLayers } from './config/check.ts'
import { explainLayers, type Setting } from './config/explain.ts'
import { environmentLayer, flagLayer, type Layer } from './config/layers.ts'
import { profiles } from './config/profiles.ts'
import { type Config, resolveSettings } from './config/resolve.ts'
import { profileNames } from './config/schema.ts'
import { fileLayer } from './config/yaml-file.ts'

export { ConfigurationError } from './config/check.ts'
export type { Setting } from './config/explain.ts'
export { type SettingReference, settingReferences } from './config/reference.ts'
export type { Config } from './config/resolve.ts'
export type { Settings } from './config/schema.ts'

/** Where settings are read from. */
export interface ConfigSources {
  /** Name and value of each flag, without its dashes. */
  readonly flags?: readonly (readonly [name: string, text: string])[]
  /** Default: the environment of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Relative paths start here; default: the working directory. */
  readonly directory?: string
}

const defaultFile = 'parley.yaml'

/**
 * The configuration: flags count more than the environment, the environment more than the file, the file more than the
 * profile.
 *
 * @throws ConfigurationError that names every mistake with its key, value and source
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const { directory = process.cwd() } = sources
  const layers = readLayers(sources)
  return resolveSettings(checkLayers(layers), layers, directory)
}

/**
 * The configuration that a program gives as settings, with the keys of `parley.yaml`, over defaults of its own and those of
 * the profile. Neither files nor the environment are read, besides `NODE_ENV` for the profile.
 *
 * @param source where the settings are, for messages
 * @throws ConfigurationError
 */
export function configOf(settings: object, defaults: object, source: string): Config {
  const given = (values: object): Layer => ({
    values: values as Layer['values'],
    mistakes: [],
    sourceOf: () => source,
  })
  const layers = [given(defaults), given(settings)]
  const all = [profileLayer(layers, process.env.NODE_ENV), ...layers]
  return resolveSettings(checkLayers(all), all, process.cwd())
}

/**
 * Every setting in force and where it comes from. Secrets are not shown.
 *
 * @throws ConfigurationError
 */
export function explainConfig(sources: ConfigSources = {}): readonly Setting[] {
  return explainLayers(readLayers(sources))
}

function readLayers(sources: ConfigSources): readonly Layer[] {
  const { flags = [], environment = process.env, directory = process.cwd() } = sources
  const named = flags.find(([name]) => name === 'config')?.[1] ?? environment.PARLEY_CONFIG
  const layers = [
    ...readFile(directory, named),
    environmentLayer(environment),
    flagLayer(flags.filter(([name]) => name !== 'config')),
  ]
  return [profileLayer(layers, environment.NODE_ENV), ...layers]
}

function readFile(directory: string, named: string | undefined): readonly Layer[] {
  const name = named ?? defaultFile
  try {
    return [fileLayer(name, readFileSync(resolve(directory, name), 'utf8'))]
  } catch (error) {
    if (named === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return []
    const problem = `the file cannot be read: ${(error as Error).message}`
    throw new ConfigurationError([{ problem, source: name }])
  }
}

// The profile decides about the defaults, so that it is looked up before anything else is.
function profileLayer(layers: readonly Layer[], nodeEnv: string | undefined): Layer {
  const asked = layers.findLast((layer) => layer.values.profile !== undefined)?.values.profile
  const profile = profileNames.find((name) => name === (asked ?? nodeEnv)) ?? 'development'
  const values = { profile, ...(profiles[profile] as Layer['values']) }
  return { values, mistakes: [], sourceOf: () => `default of the ${profile} profile` }
}
