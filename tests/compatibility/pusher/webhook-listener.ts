import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { backEnd, type Key, keys } from './clients.ts'

interface WebhookEvent {
  readonly name: string
  readonly channel: string
  readonly [field: string]: unknown
}

/** A back end that takes webhooks, and checks each as the library for back ends does. */
export interface WebhookListener {
  readonly url: string
  readonly events: WebhookEvent[]
  /** What it got in all, valid or not. */
  readonly requests: { readonly isValid: boolean; readonly time: Date | undefined }[]
  /** Answers so many requests with this status, before it takes them. */
  refuse(times: number, status?: number): void
  close(): void
}

export async function webhookListener(key: Key = keys.default): Promise<WebhookListener> {
  const events: WebhookEvent[] = []
  const requests: WebhookListener['requests'] = []
  let [refusals, refusal] = [0, 500]
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const rawBody = Buffer.concat(parts).toString()
    const webhook = backEnd('http://127.0.0.1:1', key).webhook({
      headers: request.headers as Record<string, string>,
      rawBody,
    })
    const isValid = webhook.isValid()
    requests.push({ isValid, time: isValid ? webhook.getTime() : undefined })
    if (refusals > 0) {
      refusals -= 1
      response.writeHead(refusal).end()
      return
    }
    if (isValid) events.push(...(webhook.getEvents() as unknown as WebhookEvent[]))
    response.writeHead(200).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    ...{ events, requests },
    refuse: (times, status = 500) => {
      refusals = times
      refusal = status
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
