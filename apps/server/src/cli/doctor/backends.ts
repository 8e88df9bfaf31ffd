import type { Config } from '../../config.ts'
import { type HealthCheck, ok, problem, skipped } from './finding.ts'

const answerMs = 5_000

/** Something that the server needs and that is elsewhere. */
interface Backend {
  readonly name: string
  readonly setting: string
  readonly url: string
}

/** Whether the services that the server is configured to use answer. */
export const backendsCheck: HealthCheck = {
  name: 'backends',
  title: 'Services behind it',
  async look({ config }) {
    if (config === undefined) return skipped('The configuration does not say what the server uses.')
    const backends = backendsOf(config)
    if (backends.length === 0) return ok('The server needs no other service.')
    const failures = await Promise.all(backends.map(failureOf))
    const dead = backends.flatMap(({ name, setting, url }, index) =>
      failures[index] === undefined
        ? []
        : [`${name} at ${shown(url)} does not answer (${failures[index]}; \`${setting}\`).`],
    )
    if (dead.length === 0) return ok(`${backends.map(({ name }) => name).join(', ')}: reached.`)
    return problem(
      dead.join(' '),
      'Start it, open the way to it from this machine, or correct its address in the configuration.',
    )
  },
}

function backendsOf({ files, authorize, tracing }: Config): readonly Backend[] {
  return [
    ...(files.store === 's3' && files.s3 !== undefined
      ? [{ name: 'The object store', setting: 'files.s3.endpoint', url: files.s3.endpoint }]
      : []),
    ...(authorize === undefined
      ? []
      : [{ name: 'The authorization webhook', setting: 'authorize.url', url: authorize.url }]),
    ...(tracing.endpoint === undefined
      ? []
      : [{ name: 'The collector of traces', setting: 'tracing.endpoint', url: tracing.endpoint }]),
  ]
}

/** Any answer will do: what it says is between it and the server. */
async function failureOf({ url }: Backend): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(answerMs),
    })
    return [502, 503, 504].includes(response.status) ? `HTTP ${response.status}` : undefined
  } catch (error) {
    const { cause, name, message } = error as Error & { cause?: { code?: string } }
    return cause?.code ?? (name === 'TimeoutError' ? `nothing within ${answerMs / 1000} s` : message)
  }
}

function shown(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname === '/' ? '' : pathname}`
}
