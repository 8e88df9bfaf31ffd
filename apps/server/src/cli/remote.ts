import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ErrorBody, ParleyError } from '@parley/protocol'
import { withoutUrlPasswords } from '../config/url-passwords.ts'
import { type Config, loadConfig } from '../config.ts'
import { type Invocation, UnreachableError, UsageError } from './command.ts'

/** A server, and as whom it is asked. */
export interface Remote {
  /** `http://127.0.0.1:3001` */
  readonly url: string
  /** Undefined where nobody said who asks. */
  readonly credentials: RemoteCredentials | undefined
  /**
   * Asks, and answers what the server did.
   *
   * @throws ParleyError with which the server refused it
   * @throws UnreachableError when no server answers
   */
  ask(path: string, request?: RemoteRequest): Promise<unknown>
}

export type RemoteCredentials =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'key'; readonly key: string }

export interface RemoteRequest {
  readonly method?: string
  readonly body?: unknown
  /** Makes repeats safe. */
  readonly key?: string | undefined
}

const answerMs = 30_000

/**
 * The server that a command line means: the one that is named, else the one that is configured here.
 *
 * @throws UsageError for what is no URL
 * @throws ConfigurationError where the configuration is asked and has mistakes
 */
export function findServer(invocation: Invocation): Remote {
  const named = invocation.option('url') ?? invocation.terminal.environment.PARLEY_URL
  const config = named === undefined ? loadConfig(invocation.sources) : undefined
  const url = config === undefined ? checkedUrl(named as string) : urlOf(config)
  const credentials =
    namedCredentials(invocation) ?? (config === undefined ? undefined : developmentKey(config))
  return { url, credentials, ask: (path, request) => ask(url, credentials, { ...request, path }) }
}

/** Where a configured server answers to programs of its own machine. */
function urlOf({ host, port }: Pick<Config, 'host' | 'port'>): string {
  if (port === 0)
    throw new UsageError('The port is chosen when the server starts: say where it is with --url.')
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host
  return `http://${reached.includes(':') && !reached.startsWith('[') ? `[${reached}]` : reached}:${port}`
}

function checkedUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(
      `\`${withoutUrlPasswords(text)}\` is not the URL of a server, as https://parley.example.org.`,
    )
  if (url.username !== '' || url.password !== '')
    throw new UsageError('Credentials do not belong into a URL. Give --key ID:SECRET or --token TOKEN.')
  return url.href.replace(/\/+$/, '')
}

function namedCredentials({ option, terminal }: Invocation): RemoteCredentials | undefined {
  const { PARLEY_TOKEN, PARLEY_API_KEY } = terminal.environment
  const [token, key] = [option('token'), option('key')]
  if (token !== undefined && key !== undefined) throw new UsageError('Give --token or --key, not both.')
  if (token !== undefined) return { kind: 'token', token }
  if (key !== undefined) return { kind: 'key', key: checkedKey(key) }
  if (PARLEY_TOKEN !== undefined) return { kind: 'token', token: PARLEY_TOKEN }
  return PARLEY_API_KEY === undefined ? undefined : { kind: 'key', key: PARLEY_API_KEY }
}

function checkedKey(key: string): string {
  if (/^[^:]+:./.test(key)) return key
  throw new UsageError('An app key is written ID:SECRET.')
}

function developmentKey({ developmentSignIn, dataDir }: Config): RemoteCredentials | undefined {
  if (!developmentSignIn) return undefined
  try {
    const { apiKey } = JSON.parse(readFileSync(join(dataDir, 'development-keys.json'), 'utf8'))
    return { kind: 'key', key: `${apiKey.id}:${apiKey.secret}` }
  } catch {
    return undefined
  }
}

async function ask(
  url: string,
  credentials: RemoteCredentials | undefined,
  { path, method = 'GET', body, key }: RemoteRequest & { readonly path: string },
): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(url + path, {
      method,
      headers: {
        ...headersOf(credentials),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerMs),
    })
  } catch (error) {
    throw unreachable(url, error)
  }
  const text = await response.text()
  const answer = fromJson(text)
  if (response.ok && answer !== undefined) return answer
  throw isErrorBody(answer)
    ? ParleyError.from(answer)
    : new UnreachableError(
        `What answers at ${url} is no Parley server: HTTP ${response.status}. Check the URL and what stands before the server.`,
      )
}

export function headersOf(credentials: RemoteCredentials | undefined): Readonly<Record<string, string>> {
  if (credentials === undefined) return {}
  if (credentials.kind === 'token') return { authorization: `Bearer ${credentials.token}` }
  return { 'x-api-key': credentials.key }
}

/** Says where no server answered. */
export function unreachable(url: string, error: unknown): UnreachableError {
  const cause = (error as { cause?: { code?: unknown; message?: unknown } }).cause
  const why = String(cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : error))
  return new UnreachableError(
    `No server answers at ${url} (${why}). Start one with \`parley\`, or say where it is with --url; \`parley doctor\` looks for the reason.`,
  )
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isErrorBody(value: unknown): value is ErrorBody {
  const { code, message } = (value ?? {}) as Partial<ErrorBody>
  return typeof code === 'string' && typeof message === 'string'
}

/** A JSON value, or the text itself where it is none: `hello` needs no quotation marks. */
export function jsonOrText(text: string): unknown {
  const value = fromJson(text)
  return value === undefined ? text : value
}
