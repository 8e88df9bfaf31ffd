import type { ServerProcess } from '../e2e/server-process.ts'
import { idOf } from './browser.ts'

/** Somebody who acts from elsewhere: over HTTP, with a token of their own. */
export interface Person {
  readonly id: string
  /** Calls a route of the API; throws what is refused. */
  call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>
  /** Sends a message, and answers its seq. */
  send(channel: string, text: string, more?: Readonly<Record<string, unknown>>): Promise<number>
}

/** Signs somebody in by name. */
export async function person(server: ServerProcess, name: string): Promise<Person> {
  const id = idOf(name)
  const token = await server.token(name)
  let calls = 0
  const call: Person['call'] = async (method, path, body) => {
    calls += 1
    const response = await fetch(`${server.url}/api${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'GET' ? {} : { 'idempotency-key': `${id}-${calls}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer = (await response.json()) as Record<string, unknown>
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`)
    return answer
  }
  return {
    id,
    call,
    async send(channel, text, more = {}) {
      const { seq } = await call('POST', `/conversations/${channel}/messages`, { text, ...more })
      return Number(seq)
    },
  }
}
