import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { CircuitBreaker, type Clock, type Logger } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { AwsV4Signer } from 'aws4fetch'
import { textOf } from './xml.ts'

export interface S3Connection {
  readonly endpoint: string
  readonly bucket: string
  readonly region?: string | undefined
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  readonly pathStyle?: boolean | undefined
  readonly logger: Logger
  /** Default: the time of the process. */
  readonly clock?: Pick<Clock, 'elapsed'> | undefined
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly bytes?: Uint8Array | undefined
}

/**
 * Sends a signed request, a few times if need be, and answers when the headers of the answer are here.
 *
 * @throws ParleyError `unavailable` for an answer with another status than those expected, and at once while the store
 * has failed again and again
 */
export type Ask = (request: S3Request, expected: readonly number[]) => Promise<Response>

const attempts = 4
const pauseMs = 50
const answerTimeoutMs = 30_000
/** After five requests in a row that failed at every attempt, nobody waits for the store for so long. */
const restMs = 10_000

/** @throws RangeError for an endpoint that is no URL */
export function s3Connection(options: S3Connection): Ask {
  const base = baseOf(options)
  // Keys that follow from the secret, by day.
  const cache = new Map<string, ArrayBuffer>()
  const { logger, clock = { elapsed: () => performance.now() } } = options
  const breaker = new CircuitBreaker({ clock, service: 'The object store', openMs: restMs })
  const persist = async (request: S3Request, expected: readonly number[]): Promise<Response | Problem> => {
    for (let attempt = 1; ; attempt++) {
      const { response, problem } = await send(options, { base, cache, request })
      if (response !== undefined && expected.includes(response.status)) return response
      const found = problem ?? (await refusalOf(response as Response))
      // A store that says no is there.
      if (!found.mayPass) return found
      if (attempt === attempts) throw told(logger, request, found)
      await pause(pauseMs * 2 ** attempt * (0.5 + Math.random()))
    }
  }
  return async (request, expected) => {
    const found = await breaker.run(() => persist(request, expected))
    if ('mayPass' in found) throw told(logger, request, found)
    return found
  }
}

function baseOf({ endpoint, bucket, pathStyle = true }: S3Connection): string {
  if (!URL.canParse(endpoint)) throw new RangeError(`\`${endpoint}\` is not the URL of an object store.`)
  const url = new URL(endpoint)
  if (!pathStyle) url.host = `${bucket}.${url.host}`
  const path = url.pathname.replace(/\/$/, '')
  return `${url.origin}${path}${pathStyle ? `/${bucket}` : ''}`
}

interface Sending {
  readonly base: string
  readonly cache: Map<string, ArrayBuffer>
  readonly request: S3Request
}

interface Problem {
  readonly text: string
  readonly mayPass: boolean
  readonly cause?: unknown
}

async function send(
  { region = 'us-east-1', accessKeyId, secretAccessKey, sessionToken }: S3Connection,
  { base, cache, request }: Sending,
): Promise<{ readonly response?: Response; readonly problem?: Problem }> {
  const { method, key, query = {}, headers = {}, bytes } = request
  const signer = new AwsV4Signer({
    ...{ method, accessKeyId, secretAccessKey, region, cache, service: 's3' },
    ...(sessionToken === undefined ? {} : { sessionToken }),
    url: `${base}/${key}?${new URLSearchParams(query)}`,
    // The bytes are vouched for too, whatever lies between.
    headers: {
      ...headers,
      'x-amz-content-sha256': createHash('sha256')
        .update(bytes ?? '')
        .digest('hex'),
    },
  })
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(), answerTimeoutMs)
  try {
    const signed = await signer.sign()
    const body = bytes === undefined ? {} : { body: bytes as Uint8Array<ArrayBuffer> }
    return {
      response: await fetch(signed.url, {
        ...{ method, headers: signed.headers, redirect: 'error', signal: timeout.signal },
        ...body,
      }),
    }
  } catch (cause) {
    return { problem: { text: 'no answer', mayPass: true, cause } }
  } finally {
    clearTimeout(timer)
  }
}

async function refusalOf(response: Response): Promise<Problem> {
  const { status } = response
  const code = textOf(await response.text(), 'Code') ?? ''
  return {
    text: `status ${status} ${code}`.trim(),
    mayPass: status >= 500 || status === 429 || status === 408,
  }
}

/** The words of the store are for who runs the server. */
function told(logger: Logger, { method }: S3Request, { text, cause }: Problem): ParleyError {
  logger.error('The object store refused a request.', {
    method,
    answer: text,
    ...(cause === undefined ? {} : { error: String(cause) }),
  })
  return new ParleyError('unavailable', 'The object store gave no usable answer. Try again.', { cause })
}
