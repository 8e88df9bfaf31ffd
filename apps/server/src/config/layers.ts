import { configSchema } from './schema.ts'
import { fixedPaths, fromText, type Path, plainForm, schemaAt, suggestion } from './shape.ts'
import { parseYaml } from './yaml-file.ts'

/** Something that is wrong with the configuration. */
export interface Mistake {
  /** The place, as `tokens.clockSkewMs`; absent where the source as a whole is at fault. */
  readonly key?: string
  /** A sentence without its full stop. */
  readonly problem: string
  readonly source: string
}

/** Settings from one source. Where two layers set the same place, the higher one counts. */
export interface Layer {
  readonly values: Tree
  /** Where a value of this layer was written, as `parley.yaml:12`. */
  readonly sourceOf: (path: Path) => string
  readonly mistakes: readonly Mistake[]
}

export type Tree = { readonly [key: string]: unknown }

/** Environment variables that others know this server's settings by; what is named first counts more. */
const aliases: readonly (readonly [variable: string, place: string])[] = [
  ['PORT', 'port'],
  ['JWT_SECRET', 'jwt_secret'],
  ['REACT_APP_JWT_SECRET', 'jwt_secret'],
  ['REACT_APP_MAX_CONNECTIONS', 'max_connections'],
  ['REACT_APP_AUTO_SCALING', 'auto_scaling'],
  ['REACT_APP_GLOBAL_DISTRIBUTION', 'global_distribution'],
  ['REACT_APP_MONITORING_ENABLED', 'monitoring'],
  ['REACT_APP_PERFORMANCE_TRACKING', 'metricsEnabled'],
  ['PERFORMANCE_MONITORING', 'metricsEnabled'],
  ['WEBSOCKET_OPTIMIZATION_ENABLED', 'compression.enabled'],
  ['CONNECTION_POOL_SIZE', 'max_connections'],
  ['MESSAGE_QUEUE_SIZE', 'limits.maxWaitingJobs'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'tracing.endpoint'],
  ['OTEL_SERVICE_NAME', 'tracing.serviceName'],
]

/** What a container platform or a test run puts beside our variables. */
const notOurs = /^PARLEY_((.*_)?SERVICE_(HOST|PORT(_.*)?)|(.*_)?PORT_\d+_(TCP|UDP|SCTP)(_.*)?|TEST_.*)$/
const prefix = 'PARLEY_'

/** The environment variable that sets a place. */
export const variableOf = (path: readonly string[]) =>
  prefix +
  path
    .map((step) => step.replace(/[a-z0-9][A-Z]/g, (pair) => `${pair[0]}_${pair[1]}`).toUpperCase())
    .join('_')

/** Collects the settings of one source into a tree. */
class Collector {
  readonly mistakes: Mistake[] = []
  readonly #values: Record<string, unknown> = {}
  readonly #sources = new Map<string, string>()

  /** Takes a text for a place; the first text for a place counts. */
  add(path: readonly string[], text: string, source: string): void {
    const key = path.join('.')
    const schema = schemaAt(configSchema, path)
    if (schema === undefined || this.#sources.has(key)) return
    this.#sources.set(key, source)
    try {
      this.set(path, fromText(schema, text, parseYaml))
    } catch {
      this.mistakes.push({ key, problem: 'the text is not valid YAML or JSON', source })
    }
  }

  /** Keys that a variable of their own may hold, as no list fits well into one. */
  addKey(list: 'keys' | 'apiKeys', key: unknown, source: string): void {
    const place = `apps.default.${list}`
    if (this.#sources.has(place)) return
    this.#sources.set(place, source)
    this.set(['apps', 'default', list], [key])
  }

  set(path: readonly string[], value: unknown): void {
    let node = this.#values
    for (const step of path.slice(0, -1)) {
      if (!isTree(node[step])) node[step] = {}
      node = node[step] as Record<string, unknown>
    }
    node[path.at(-1) as string] = value
  }

  layer(fallback: string): Layer {
    return {
      values: this.#values,
      mistakes: this.mistakes,
      sourceOf: (path) => {
        for (let length = path.length; length > 0; length--) {
          const source = this.#sources.get(path.slice(0, length).join('.'))
          if (source !== undefined) return source
        }
        return fallback
      },
    }
  }
}

/** Settings from `PARLEY_*` variables (`PARLEY_TOKENS_CLOCK_SKEW_MS`) and the aliases that others use. */
export function environmentLayer(environment: Readonly<Record<string, string | undefined>>): Layer {
  const places = new Map(fixedPaths(configSchema).map((path) => [variableOf(path), path]))
  const collector = new Collector()
  for (const [name, text] of Object.entries(environment).sort()) {
    if (text === undefined || !name.startsWith(prefix) || notOurs.test(name) || /^(tcp|udp):\/\//.test(text))
      continue
    const source = `environment variable ${name}`
    const path = places.get(name)
    if (path !== undefined) collector.add(path, text, source)
    else if (!addKeyVariable(collector, name, text)) {
      const meant = suggestion(name, [...places.keys(), ...keyVariables])
      collector.mistakes.push({
        problem: `${name} is not a setting${didYouMean(meant)}`,
        source: 'environment',
      })
    }
  }
  for (const [name, place] of aliases) {
    const text = environment[name]
    if (text === undefined) continue
    if (place === 'jwt_secret') collector.addKey('keys', secretKey(text), `environment variable ${name}`)
    else collector.add(place.split('.'), text, `environment variable ${name}`)
  }
  return collector.layer('environment')
}

/** `PARLEY_URL` and `PARLEY_TOKEN` are for the commands that talk to a server. */
const keyVariables = ['PARLEY_JWT_SECRET', 'PARLEY_API_KEY', 'PARLEY_CONFIG', 'PARLEY_URL', 'PARLEY_TOKEN']
const secretKey = (key: string) => ({ algorithm: 'HS256', key })

function addKeyVariable(collector: Collector, name: string, text: string): boolean {
  const source = `environment variable ${name}`
  if (name === 'PARLEY_JWT_SECRET') collector.addKey('keys', secretKey(text), source)
  if (name === 'PARLEY_API_KEY') {
    const colon = text.indexOf(':')
    if (colon < 1) collector.mistakes.push({ problem: 'PARLEY_API_KEY is `id:secret`', source })
    else collector.addKey('apiKeys', { id: text.slice(0, colon), secret: text.slice(colon + 1) }, source)
  }
  return keyVariables.includes(name)
}

/** Settings from the command line: `--port 3001`, `--tokens.clock-skew-ms=0`, `--debugging`, `--no-debugging`. */
export function flagLayer(flags: readonly (readonly [name: string, text: string])[]): Layer {
  const places = new Map(fixedPaths(configSchema).map((path) => [plainForm(path.join('.')), path]))
  const collector = new Collector()
  // What is given last counts.
  for (const [name, text] of [...flags].reverse()) {
    const path = places.get(plainForm(name))
    const negated = name.startsWith('no-') ? places.get(plainForm(name.slice(3))) : undefined
    const source = `flag --${name}`
    if (path !== undefined) collector.add(path, text, source)
    else if (negated !== undefined) collector.add(negated, text === 'true' ? 'false' : text, source)
    else {
      const meant = suggestion(
        name,
        fixedPaths(configSchema).map((known) => known.join('.')),
      )
      collector.mistakes.push({
        problem: `--${name} is not a setting${didYouMean(meant && `--${meant}`)}`,
        source: 'command line',
      })
    }
  }
  return collector.layer('command line')
}

/** `, did you mean …?`, when there is something to offer. */
export function didYouMean(meant: string | undefined): string {
  return meant === undefined ? '' : `; did you mean \`${meant}\`?`
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
