import type { Credentials, Http, HttpRequest, HttpResponse, Identity, Node, NodeStatus } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { mountHealth } from './health.ts'
import { mountMetrics } from './metrics.ts'

type Ask = (path: string, headers?: HttpRequest['headers']) => Promise<HttpResponse>

function mount(add: (http: Http) => void): Ask {
  const handlers = new Map<string, (request: HttpRequest) => HttpResponse | Promise<HttpResponse>>()
  add({
    route: ({ path, handler }) => void handlers.set(path, handler),
    files: () => undefined,
    stream: () => undefined,
  })
  return async (path, headers = {}) => {
    const handler = handlers.get(path)
    if (handler === undefined) throw new Error(`no route ${path}`)
    return await handler({ headers } as HttpRequest)
  }
}

describe('health', () => {
  const ask = (status: Partial<NodeStatus>) =>
    mount((http) =>
      mountHealth(http, { status: () => status } as unknown as Node, {
        after: () => ({ cancel: () => undefined }),
      }),
    )
  const red = { name: 'store', ok: false, problem: 'The disk is full. Free space.' }

  test('lives even when it is not ready', async () => {
    expect(await ask({ ready: false, checks: [red] })('/health')).toMatchObject({
      status: 200,
      body: { status: 'ok' },
    })
  })

  test('is ready, or says what is missing and when to come again', async () => {
    expect(await ask({ ready: true, checks: [] })('/ready')).toMatchObject({
      status: 200,
      body: { status: 'ready' },
    })
    const answer = await ask({ ready: false, checks: [red] })('/ready')
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { status: 'not_ready', checks: [red] },
    })
  })
})

describe('metrics', () => {
  const identities: Readonly<Record<string, Identity>> = {
    operator: { app: 'default', role: 'backend', grants: [{ pattern: '*', actions: ['*'] }] },
    manager: {
      app: 'default',
      role: 'user',
      user: 'ada',
      grants: [{ pattern: '*', actions: ['read', 'manage'] }],
    },
    partly: { app: 'default', role: 'user', user: 'bob', grants: [{ pattern: 'chat:*', actions: ['*'] }] },
    reader: {
      app: 'default',
      role: 'user',
      user: 'eve',
      grants: [{ pattern: '*', actions: ['read', 'write'] }],
    },
    tenant: { app: 'acme', role: 'backend', grants: [{ pattern: '*', actions: ['*'] }] },
  }
  const node = {
    async authenticate({ token }: Credentials) {
      const found = identities[token.split(':')[0] ?? '']
      if (found === undefined) throw new ParleyError('unauthenticated')
      return found
    },
  } as unknown as Node
  const render = async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' })

  test('open: for everybody who reaches the port', async () => {
    const ask = mount((http) => mountMetrics(http, node, { render, access: 'open' }))
    const answer = await ask('/metrics')
    expect(answer).toMatchObject({
      status: 200,
      body: 'up 1\n',
      headers: { 'content-type': 'text/plain; version=0.0.4' },
    })
  })

  test.each([
    ['operator', 200],
    ['manager', 200],
    ['partly', 'forbidden'],
    ['reader', 'forbidden'],
    ['tenant', 'forbidden'],
    ['nobody', 'unauthenticated'],
  ])('manage: %s → %s', async (token, expected) => {
    const ask = mount((http) => mountMetrics(http, node, { render, access: 'manage' }))
    const answer = ask('/metrics', { authorization: `Bearer ${token}` })
    if (expected === 200) expect((await answer).status).toBe(200)
    else await expect(answer).rejects.toMatchObject({ code: expected })
    await expect(ask('/metrics')).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})
