import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { build, defaultClientConditions, type Plugin } from 'vite'

const root = resolve(import.meta.dirname, '../../..')
const examples = { 'examples/listen.html': 'text/html', 'examples/listen.js': 'text/javascript' } as const
const sdk = 'sdk/parley.js'

/**
 * What the server offers beside the application: the client as one module, `/sdk/parley.js`, for pages without a build
 * step, and the examples that use it.
 */
export function servedFiles(): Plugin {
  return {
    name: 'parley:served-files',
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: sdk, source: await bundleClient() })
      for (const path of Object.keys(examples))
        this.emitFile({ type: 'asset', fileName: path, source: readExample(path) })
    },
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const path = (request.url ?? '').split('?', 1)[0]?.slice(1) ?? ''
        const type = path === sdk ? 'text/javascript' : examples[path as keyof typeof examples]
        if (type === undefined) return next()
        response.setHeader('content-type', `${type}; charset=utf-8`)
        response.end(path === sdk ? await bundleClient() : readExample(path))
      })
    },
  }
}

function readExample(path: string): string {
  return readFileSync(resolve(root, 'examples/listen', path.replace('examples/', '')), 'utf8')
}

async function bundleClient(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['parley-source', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      // Not `lib`: that leaves the white space in.
      rolldownOptions: {
        input: resolve(root, 'packages/client/src/index.ts'),
        preserveEntrySignatures: 'strict',
        output: { format: 'es' },
      },
    },
  })
  const [first] = Array.isArray(result) ? result : [result]
  const chunk =
    first !== undefined && 'output' in first ? first.output.find((part) => part.type === 'chunk') : undefined
  if (chunk?.type !== 'chunk') throw new Error('The client was not bundled.')
  return chunk.code
}
