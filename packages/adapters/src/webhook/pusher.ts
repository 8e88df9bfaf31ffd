import { createHmac } from 'node:crypto'
import { ParleyError } from '@parley/protocol'

export interface PusherWebhookOptions {
  /** The oldest key of each app: it signs. */
  readonly keyOf: (app: string) => { readonly id: string; readonly secret: string } | undefined
  /** Default 10 s. */
  readonly timeoutMs?: number
}

/**
 * Delivers webhooks as Pusher does: `X-Pusher-Key` says whose secret has signed the body, `X-Pusher-Signature` is its HMAC
 * with SHA-256 in hex. Arrived is what is answered with a status of 2xx.
 *
 * The function made throws ParleyError: `unavailable` when it has not arrived, `not_found` when the app has no key.
 */
export function pusherWebhook({
  keyOf,
  timeoutMs = 10_000,
}: PusherWebhookOptions): (
  to: { readonly app: string; readonly url: string },
  body: string,
) => Promise<void> {
  return async ({ app, url }, body) => {
    const key = keyOf(app)
    if (key === undefined) throw new ParleyError('not_found', `App \`${app}\` has no key that could sign.`)
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-pusher-key': key.id,
        'x-pusher-signature': createHmac('sha256', key.secret).update(body).digest('hex'),
      },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause: unknown) => {
      throw new ParleyError('unavailable', 'The webhook could not be delivered.', { cause })
    })
    await response.body?.cancel()
    if (!response.ok)
      throw new ParleyError('unavailable', `The webhook was answered with status ${response.status}.`)
  }
}
