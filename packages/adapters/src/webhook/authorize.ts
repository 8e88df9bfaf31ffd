import { createHmac } from 'node:crypto'
import { type AuthorizeRequest, CircuitBreaker, type Clock } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'

export interface AuthorizeWebhookOptions {
  readonly url: string
  /** Signs every request: `parley-signature: t=<ms>,v1=<hex of HMAC-SHA-256 over "<ms>.<body>">`. */
  readonly secret: string
  /** Default 1 s. */
  readonly timeoutMs?: number | undefined
  /** Requests under way at once; one more fails. Default 256. */
  readonly maxInFlight?: number | undefined
  readonly clock: Pick<Clock, 'now' | 'elapsed'>
}

const maxAnswerBytes = 4_096
/** After five questions in a row without a usable answer nobody waits for one, for so long. */
const restMs = 5_000

/**
 * Asks an endpoint of the application whether a user may do a thing. Allowed is only what it answers with 200 and
 * `{"allow": true}`; 403 and `{"allow": false}` refuse; whatever else happens is an error, and refuses too. An endpoint
 * that fails again and again is left alone for 5 s, then asked a few questions before it is asked all.
 *
 * @throws ParleyError `unavailable` (no usable answer in time), `overloaded`
 */
export function authorizeWebhook(
  options: AuthorizeWebhookOptions,
): (request: AuthorizeRequest) => Promise<boolean> {
  const { clock, maxInFlight = 256 } = options
  const breaker = new CircuitBreaker({ clock, service: 'The authorisation endpoint', openMs: restMs })
  let inFlight = 0
  return async (request) => {
    if (inFlight >= maxInFlight)
      throw new ParleyError('overloaded', 'Too many questions to the authorisation endpoint are open.', {
        retryAfterMs: 1_000,
      })
    inFlight += 1
    try {
      return await breaker.run(() => ask(request, options))
    } catch (cause) {
      if (cause instanceof ParleyError) throw cause
      throw new ParleyError('unavailable', 'The authorisation endpoint gave no usable answer in time.', {
        cause,
      })
    } finally {
      inFlight -= 1
    }
  }
}

async function ask(
  { identity, action, channel }: AuthorizeRequest,
  options: AuthorizeWebhookOptions,
): Promise<boolean> {
  const at = options.clock.now()
  const body = JSON.stringify({ app: identity.app, user: identity.user ?? null, action, channel, at })
  const signature = createHmac('sha256', options.secret).update(`${at}.${body}`).digest('hex')
  const response = await fetch(options.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'parley-signature': `t=${at},v1=${signature}` },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(options.timeoutMs ?? 1_000),
  })
  if (response.status === 403) {
    await response.body?.cancel()
    return false
  }
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`The endpoint answered with status ${response.status}.`)
  }
  const answer: unknown = JSON.parse(await boundedText(response))
  const allow = typeof answer === 'object' && answer !== null && 'allow' in answer ? answer.allow : undefined
  if (typeof allow !== 'boolean')
    throw new Error('The endpoint answered without `allow: true` or `allow: false`.')
  return allow
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > maxAnswerBytes)
      throw new Error(`The endpoint answered with more than ${maxAnswerBytes} bytes.`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
