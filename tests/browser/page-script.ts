import { fileURLToPath } from 'node:url'
import { build, defaultClientConditions, type Rolldown } from 'vite'

/** A script of a page of these tests, put together with what it imports from the sources. */
export async function pageScript(page: URL): Promise<string> {
  const entry = fileURLToPath(page)
  const output = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['parley-source', ...defaultClientConditions] },
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'page', fileName: 'page' } },
  })) as Rolldown.RolldownOutput[]
  return output[0]?.output[0].code ?? ''
}
