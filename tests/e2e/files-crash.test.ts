import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from '@parley/client'
import { fileLink, uploadFile } from '@parley/client/upload'
import { silentLogger } from '@parley/kernel/memory'
import { startServer } from '@parley/server/compose'
import { loadConfig } from '@parley/server/config'
import { expect, test } from 'vitest'
import { ServerProcess } from './server-process.ts'

/** Bytes of the upload that is under way. */
async function bytesOnDisk(directory: string): Promise<number> {
  const folder = join(directory, 'data/files')
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const half = names.find((name) => name.endsWith('.part'))
  return half === undefined ? 0 : statSync(join(folder, half)).size
}

test('a server that is killed in the middle of an upload, three times, gets the file whole', async () => {
  const server = await ServerProcess.start()
  try {
    const client = createClient({
      ...{ url: server.url.replace('http', 'ws'), token: await server.token('ada') },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
    })
    await client.connect()
    const bytes = randomBytes(30 * 1024 * 1024)
    const sent: number[] = []
    const done = uploadFile(client, new Uint8Array(bytes), {
      name: 'large.bin',
      partBytes: 1024 * 1024,
      onProgress: (progress) => sent.push(progress.sent),
    })
    done.catch(() => undefined)
    for (let kill = 1; kill <= 3; kill++) {
      await expect.poll(() => sent.at(-1), { interval: 1, timeout: 60_000 }).toBeGreaterThan(kill * 5_000_000)
      const acknowledged = sent.at(-1) ?? 0
      await server.kill()
      expect(await bytesOnDisk(server.directory)).toBeGreaterThanOrEqual(acknowledged)
      await server.start()
    }
    const { file, size } = await done
    expect(size).toBe(bytes.length)
    const stored = await fetch((await fileLink(client, file)).url)
    expect(Buffer.from(await stored.arrayBuffer()).equals(bytes)).toBe(true)
    client.disconnect()
  } finally {
    await server.remove()
  }
})

test('links outlive a restart, and not their time', async () => {
  const server = await ServerProcess.start()
  const dataDir = join(server.directory, 'data')
  try {
    const client = createClient({
      ...{ url: server.url.replace('http', 'ws'), token: await server.token('ada') },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
    })
    await client.connect()
    const { file } = await uploadFile(client, new Blob(['words']), { name: 'a.txt' })
    const { url } = await fileLink(client, file)
    client.disconnect()
    await server.kill()
    await server.start()
    expect(await (await fetch(url)).text()).toBe('words')
    await server.stop()
    // The same data, with links that are good for less than the configuration would let them be.
    const config = loadConfig({ environment: { PORT: '0', PARLEY_DATA_DIR: dataDir } })
    const brief = await startServer({ ...config, files: { ...config.files, linkTtlMs: 400 } }, silentLogger)
    try {
      const token = await fetch(`${brief.url}/api/auth/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"name":"ada"}',
      })
      const headers = { authorization: `Bearer ${((await token.json()) as { token: string }).token}` }
      const answer = await fetch(`${brief.url}/api/files/${file}/url`, { headers })
      const link = brief.url + ((await answer.json()) as { url: string }).url
      expect((await fetch(link)).status).toBe(200)
      await expect.poll(async () => (await fetch(link)).status).toBe(403)
    } finally {
      await brief.close()
    }
  } finally {
    await server.remove()
  }
})
