// Bundles the client as an application would, and weighs it: at most 15 kB after gzip, nothing but our own sources.
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, defaultClientConditions } from 'vite'

const maxBytes = 15_000
const entry = resolve('packages/client/src/index.ts')

const { output } = await build({
  configFile: false,
  logLevel: 'warn',
  resolve: { conditions: ['parley-source', ...defaultClientConditions] },
  build: {
    write: false,
    target: 'es2022',
    minify: true,
    // As an application's build does it; the form for libraries would keep white space.
    rolldownOptions: { input: entry, preserveEntrySignatures: 'strict' },
    modulePreload: false,
  },
}).then((result) => (Array.isArray(result) ? result[0] : result))

const chunk = output.find(({ type, isEntry }) => type === 'chunk' && isEntry)
const sources = Object.keys(chunk.modules).filter((path) => chunk.modules[path].renderedLength > 0)
const foreign = sources.filter(
  (path) => !/\/packages\/(client|protocol)\/src\//.test(path.replaceAll('\\', '/')),
)
const left = [...chunk.imports, ...chunk.dynamicImports].filter(
  (name) => !output.some((part) => part.fileName === name),
)
const bytes = gzipSync(chunk.code, { level: 9 }).length

for (const path of foreign)
  console.error(`${path} is in the bundle; it may hold packages/client and packages/protocol only.`)
for (const name of left) console.error(`The bundle still imports ${name}; the client has no dependencies.`)
if (bytes > maxBytes) console.error(`${bytes} bytes after gzip, at most ${maxBytes}.`)
console.log(
  `Client core: ${(bytes / 1000).toFixed(1)} kB after gzip (of ${maxBytes / 1000}), ${sources.length} files.`,
)
if (foreign.length + left.length > 0 || bytes > maxBytes) process.exitCode = 1
