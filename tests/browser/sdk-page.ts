import { type Client, createClient } from '@parley/client'
import { createOutbox } from '@parley/client/outbox'
import { storeConformance } from '@parley/client/outbox/conformance'
import { indexedDbOutboxStore } from '@parley/client/outbox/indexed-db'
import { type SharedConnection, sharedConnection } from '@parley/client/tabs'
import { fallbackTransport, sseTransport, websocketTransport } from '@parley/client/transports'

interface Opening {
  readonly channel: string
  readonly shared: boolean
}

/** What a test does with the SDK in a page of its own. */
export class SdkPage {
  client: Client | undefined
  shared: SharedConnection | undefined
  readonly heard: string[] = []
  readonly statuses: string[] = []

  /** Connects, and listens to a channel from its beginning. */
  async open({ channel, shared }: Opening): Promise<void> {
    const { getToken } = globalThis as unknown as { getToken: () => Promise<string> }
    const options = {
      ...{ url: '/ws', getToken, reconnect: { baseMs: 100, capMs: 1_000 } },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
      heartbeat: { hiddenIntervalMs: 90_000 },
      transport: fallbackTransport([websocketTransport(), sseTransport()], { upgradeMs: 1_000 }),
    }
    if (shared) this.shared = sharedConnection({ ...options, user: 'ada' })
    this.client = createClient(this.shared?.options ?? options)
    this.client.on('status', (status) => this.statuses.push(status))
    this.client.subscribe(channel, {
      recent: 100,
      onEvent: ({ data }) => this.heard.push(String((data as { readonly n?: unknown }).n)),
      onError: ({ code, message }) => this.heard.push(`${code}: ${message}`),
      onUnrecovered: ({ reason }) => this.heard.push(reason),
    })
    await this.client.connect()
  }

  /** As browsers do when another tab is looked at: the browser of these tests shows all of them. */
  hide(isHidden: boolean): void {
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      value: isHidden ? 'hidden' : 'visible',
    })
    document.dispatchEvent(new Event('visibilitychange'))
  }

  publish(channel: string, n: string): Promise<unknown> {
    return this.client?.channels.publish({ channel, type: 'message', data: { n } }) ?? Promise.reject()
  }

  /** Runs the conformance suite of stores; answers what failed. */
  async conformance(): Promise<readonly string[]> {
    const failures: string[] = []
    for (const [index, [name, run]] of Object.entries(storeConformance).entries())
      await run({ open: () => indexedDbOutboxStore(`conformance-${index}`) }).catch((error: unknown) => {
        failures.push(`${name}: ${String(error)}`)
      })
    return failures
  }

  /** Two outboxes over one store send what a third has left. */
  outbox(name: string) {
    if (this.client === undefined) throw new Error('There is no client.')
    return createOutbox({ client: this.client, store: indexedDbOutboxStore(name), user: 'ada' })
  }
}

Object.assign(globalThis, { sdk: new SdkPage() })
