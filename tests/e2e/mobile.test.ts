import { webcrypto } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import type { AsyncStorage } from '@parley/client/outbox/async-storage'
import { build, defaultClientConditions, type Rolldown } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AppState } from './mobile-app.ts'
import { ServerProcess } from './server-process.ts'

const entry = fileURLToPath(new URL('./mobile-app.ts', import.meta.url))

interface App {
  readonly client: {
    readonly status: string
    connect(): Promise<void>
    disconnect(): void
    call(command: string, input: unknown): Promise<unknown>
  }
  readonly outbox: {
    readonly items: readonly unknown[]
    send(command: string, input: unknown): Promise<unknown>
    close(): Promise<void>
  }
  readonly events: readonly unknown[]
  listen(): Promise<unknown>
}

let script: string
let server: ServerProcess

beforeAll(async () => {
  const output = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['parley-source', ...defaultClientConditions] },
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'app', fileName: 'app' } },
  })) as Rolldown.RolldownOutput[]
  script = output[0]?.output[0].code ?? ''
  server = await ServerProcess.start()
}, 120_000)
afterAll(() => server?.remove())

/** The storage of a phone: it outlives the application. */
function storage(): AsyncStorage {
  const kept = new Map<string, string>()
  return {
    getItem: async (key) => kept.get(key) ?? null,
    setItem: async (key, value) => void kept.set(key, value),
    removeItem: async (key) => void kept.delete(key),
    getAllKeys: async () => [...kept.keys()],
  }
}

/**
 * Starts the application as React Native does: with what its engine and its runtime have, and `getRandomValues` of the
 * usual polyfill. There is no document, no window of a browser, no local storage, and nothing of Node.
 */
function start(kept: AsyncStorage, appState: AppState = new Screen(), Socket = WebSocket): App {
  const { getRandomValues } = webcrypto
  const phone: Record<string, unknown> = {
    ...{ setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, queueMicrotask, performance },
    ...{
      WebSocket: Socket,
      fetch,
      Headers,
      Request,
      Response,
      AbortController,
      AbortSignal,
      URL,
      btoa,
      TextEncoder,
    },
    console: { log() {}, warn() {}, error() {} },
    navigator: { product: 'ReactNative' },
    crypto: { getRandomValues: getRandomValues.bind(webcrypto) },
  }
  phone.globalThis = phone
  createContext(phone)
  runInContext(script, phone)
  const getToken = () => server.token('Ada')
  type StartApp = (
    url: string,
    getToken: () => Promise<string>,
    kept: AsyncStorage,
    appState: AppState,
  ) => App
  return (phone.startApp as StartApp)(server.url, getToken, kept, appState)
}

/** Whether the application is looked at. */
class Screen implements AppState {
  readonly #listeners = new Set<(state: string) => void>()
  currentState = 'active'

  addEventListener(_type: 'change', listener: (state: string) => void) {
    this.#listeners.add(listener)
    return { remove: () => void this.#listeners.delete(listener) }
  }

  become(state: string): void {
    this.currentState = state
    for (const listener of this.#listeners) listener(state)
  }
}

test('the client runs where there is neither a page nor Node', async () => {
  const app = start(storage())
  await app.client.connect()
  await app.listen()
  await app.client.call('channels.publish', { channel: 'chat:phone', data: 'from a phone' })
  await expect.poll(() => app.events).toEqual(['from a phone'])
  app.client.disconnect()
})

test('put in the background it asks for fewer pings, and for the usual ones when it is back', async () => {
  const agreed: number[] = []
  class Watched extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      this.addEventListener('message', ({ data }) => {
        const [, ms] = /^\{"op":"pong","pingIntervalMs":(\d+)\}$/.exec(String(data)) ?? []
        if (ms !== undefined) agreed.push(Number(ms))
      })
    }
  }
  const screen = new Screen()
  const app = start(storage(), screen, Watched)
  await app.client.connect()
  screen.become('background')
  await expect.poll(() => agreed).toEqual([120_000])
  screen.become('active')
  await expect.poll(() => agreed).toEqual([120_000, 30_000])
  app.client.disconnect()
})

test('what is written without a network is kept by the phone, and sent once by its next start', async () => {
  const kept = storage()
  const first = start(kept)
  // Never connected: what is sent stays with the phone.
  void first.outbox
    .send('channels.publish', { channel: 'chat:later', data: 'written offline' })
    .catch(() => {})
  await expect.poll(async () => (await kept.getAllKeys()).length).toBe(1)
  await first.outbox.close()
  const second = start(kept)
  await second.client.connect()
  await expect.poll(async () => (await kept.getAllKeys()).length, { timeout: 20_000 }).toBe(0)
  const page = (await second.client.call('channels.history', { channel: 'chat:later' })) as {
    readonly events: readonly { readonly data: unknown }[]
  }
  expect(page.events.map(({ data }) => data)).toEqual(['written offline'])
  await second.outbox.close()
  second.client.disconnect()
})
