import { gzipSync } from 'node:zlib'
import { build, defaultClientConditions, type Rolldown } from 'vite'
import { expect, test } from 'vitest'

/** The code that a page gets for an import, in one file. */
async function bundle(source: string): Promise<string> {
  const entry = '\0entry'
  const output = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['parley-source', ...defaultClientConditions] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? entry : undefined),
        load: (id) => (id === entry ? source : undefined),
      },
    ],
    build: {
      write: false,
      minify: true,
      rolldownOptions: { input: 'entry', preserveEntrySignatures: 'strict' },
    },
  })) as Rolldown.RolldownOutput
  return output.output.map((part) => (part.type === 'chunk' ? part.code : '')).join('')
}

test('the core of the client is at most 15 kB after gzip, with no schema and no validator in it', async () => {
  const code = await bundle("export { createClient } from '@parley/client'")
  const bytes = gzipSync(code, { level: 9 }).length
  expect(bytes, `${bytes} bytes after gzip`).toBeLessThanOrEqual(15_000)
  expect(code).not.toMatch(/ZodError|strictObject|channels\.redacted/)
})
