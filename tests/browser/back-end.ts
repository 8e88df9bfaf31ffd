import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerProcess } from '../e2e/server-process.ts'

interface DevelopmentKeys {
  readonly signingKey: string
  readonly apiKey: { readonly id: string; readonly secret: string }
}

function keysOf(server: ServerProcess): DevelopmentKeys {
  return JSON.parse(
    readFileSync(join(server.directory, 'data/development-keys.json'), 'utf8'),
  ) as DevelopmentKeys
}

/** Publishes as a back end does: over HTTP, with the app key that a development server has made. */
export async function publish(server: ServerProcess, ...events: readonly Publication[]): Promise<void> {
  const { id, secret } = keysOf(server).apiKey
  const response = await fetch(`${server.url}/api/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': `${id}:${secret}` },
    body: JSON.stringify({ events }),
  })
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
}

interface Publication {
  readonly channel: string
  readonly type?: string
  readonly data: unknown
}

/** A token as an application's back end would sign it. */
export function tokenFor(server: ServerProcess, claims: Readonly<Record<string, unknown>>): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const head = encode({ alg: 'HS256', typ: 'JWT', kid: 'development' })
  const signed = `${head}.${encode({ iat: now, exp: now + 600, ...claims })}`
  return `${signed}.${createHmac('sha256', keysOf(server).signingKey).update(signed).digest('base64url')}`
}
