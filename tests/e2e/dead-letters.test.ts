import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from './server-process.ts'

const apiKey = 'backend:secret-of-a-back-end-24-chars'
const names = Array.from({ length: 20 }, (_, index) => `reader-${index}`)
let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start({
    script: fileURLToPath(new URL('./dead-letters/post-office.ts', import.meta.url)),
    environment: { API_KEY: apiKey },
  })
})
afterAll(() => server?.remove())

async function ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
  const response = await fetch(`${server.url}/api${path}`, {
    method,
    headers: { 'x-api-key': apiKey, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(response.status, `${method} ${path}`).toBe(200)
  return (await response.json()) as T
}

interface Letter {
  readonly id: string
  readonly input: { readonly to: string }
  readonly attempts: number
  readonly requeues: number
}

const deadLetters = async () =>
  (await ask<{ letters: readonly Letter[] }>('GET', '/dead-letters?limit=200')).letters

/** How often each letter has arrived. */
const arrivals = () =>
  Promise.all(names.map(async (to) => (await ask<{ times: number }>('GET', `/letters/${to}`)).times))

async function killAndStart(): Promise<void> {
  await server.kill()
  await server.start()
}

test('a server that is killed again and again gives up no job too early, loses none, and does each once', {
  timeout: 240_000,
}, async () => {
  const closed = join(server.directory, 'closed')
  writeFileSync(closed, '')
  await Promise.all(names.map((to) => ask('POST', '/letters', { to })))
  // In the middle of the first attempts.
  await killAndStart()
  await expect.poll(async () => (await deadLetters()).length, { timeout: 60_000 }).toBe(names.length)
  const given = await deadLetters()
  expect(given.map(({ input }) => input.to).sort()).toEqual([...names].sort())
  // One that the kill has met in its fourth attempt is given up when it is due for a fifth.
  expect(given.filter(({ attempts }) => attempts < 4 || attempts > 5)).toEqual([])
  await killAndStart()
  expect(await deadLetters()).toEqual(given)
  // Requeued in vain, and killed in between: they come back, each once.
  expect(await ask('POST', '/dead-letters/requeue', {})).toMatchObject({ requeued: names.length })
  await killAndStart()
  await expect.poll(async () => (await deadLetters()).length, { timeout: 60_000 }).toBe(names.length)
  const again = await deadLetters()
  expect(again.map(({ input, requeues }) => `${input.to} ${requeues}`).sort()).toEqual(
    names.map((name) => `${name} 1`).sort(),
  )
  expect(await arrivals()).toEqual(names.map(() => 0))
  rmSync(closed)
  await ask('POST', '/dead-letters/requeue', {})
  await killAndStart()
  await expect.poll(arrivals, { timeout: 60_000 }).toEqual(names.map(() => 1))
  await killAndStart()
  expect(await arrivals()).toEqual(names.map(() => 1))
  expect(await deadLetters()).toEqual([])
})
