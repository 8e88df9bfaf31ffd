import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkBlobStore } from '@parley/kernel/testing'
import { describe, expect, test } from 'vitest'
import { diskBlobStore } from './disk.ts'

function openDirectory() {
  const root = mkdtempSync(join(tmpdir(), 'parley-blobs-'))
  const directory = join(root, 'blobs')
  const filesBelow = () =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  return { root, directory, filesBelow, close: async () => rmSync(root, { recursive: true }) }
}

async function* bytes(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}

describe('the blob store on a disk', () => {
  checkBlobStore(
    test,
    async () => {
      const { directory, filesBelow, close } = openDirectory()
      return {
        blobs: diskBlobStore({ directory }),
        reopen: async () => diskBlobStore({ directory }),
        holds: async (text) => filesBelow().some((file) => readFileSync(file).includes(text)),
        close,
      }
    },
    { partBytes: 65_536 },
  )

  test('writes where it was told to and nowhere else, for the owner alone to read', async () => {
    const { root, directory, filesBelow, close } = openDirectory()
    writeFileSync(join(root, 'secret.blob'), 'secret')
    const blobs = diskBlobStore({ directory })
    await blobs.append('app/Ab/key', 0, bytes('words'))
    await blobs.finish('app/Ab/key', 5)
    const [inside] = filesBelow().filter((file) => !file.endsWith('secret.blob'))
    expect(inside?.startsWith(`${directory}/`)).toBe(true)
    expect(statSync(inside as string).mode & 0o077).toBe(0)
    for (const key of ['../secret', 'app/../../secret', '/secret', '..', 'app/.'])
      await expect(blobs.size(key)).rejects.toMatchObject({ code: 'bad_request' })
    await close()
  })

  test('a file that was cut short behind its back is not finished as a whole one', async () => {
    const { directory, filesBelow, close } = openDirectory()
    const blobs = diskBlobStore({ directory })
    await blobs.append('a', 0, bytes('words'))
    writeFileSync(filesBelow()[0] as string, 'wor')
    await expect(blobs.finish('a', 5)).rejects.toMatchObject({ code: 'conflict' })
    expect(await blobs.received('a')).toBe(3)
    await close()
  })
})
