// Bundles what browsers get as an application would, and weighs it after gzip: nothing above its budget, nothing but our
// own sources.
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, defaultClientConditions } from 'vite'

const chatHooks =
  'useConversations, useDraft, useMembers, useMessages, usePresence, useThread, useTyping, useUnread'

/** What an application imports, and how much it may weigh. `without`: what is not counted. */
const entries = [
  { name: 'Client core', from: '@parley/client', take: '*', max: 15_000, without: [] },
  // Entries of their own: what each adds to an application that has the core.
  ...[
    [
      'Client: outbox (IndexedDB)',
      { './outbox': 'createOutbox', './outbox/indexed-db': 'indexedDbOutboxStore' },
      5_000,
    ],
    ['Client: one connection for all tabs', { './tabs': 'sharedConnection' }, 6_000],
    ['Client: local cache (IndexedDB)', { './cache': 'openCache' }, 3_000],
    ['Client: other transports, fallback', { './transports': 'fallbackTransport, transportOf' }, 5_000],
    ['Client: uploads', { './upload': 'uploadFile' }, 3_000],
  ].map(([name, adds, max]) => ({
    name,
    from: '@parley/client',
    take: '{ createClient }',
    adds,
    max,
    without: [],
  })),
  {
    name: 'Realtime client, with the core and three transports',
    from: '@parley/client/realtime',
    take: '*',
    max: 24_000,
    without: [],
  },
  {
    name: 'Service of named endpoints, with the realtime client and connection health',
    from: '@parley/client/service',
    take: '*',
    max: 31_000,
    without: [],
  },
  {
    name: 'Connection health, with the transports that it tries',
    from: '@parley/client/health',
    take: '{ ConnectionHealth, ConnectionQualityDetector }',
    max: 8_000,
    without: [],
  },
  {
    name: 'React: provider and channels',
    from: '@parley/react',
    take: '{ RealtimeProvider, useRealtime, useChannel, useCommand }',
    max: 4_000,
    without: ['react', '@parley/client'],
  },
  {
    name: 'React: hooks of chat',
    from: '@parley/react',
    take: `{ RealtimeProvider, ${chatHooks} }`,
    max: 15_000,
    without: ['react', '@parley/client'],
  },
  {
    name: 'React: everything',
    from: '@parley/react',
    take: '*',
    max: 34_000,
    without: ['react', '@parley/client'],
  },
]
const stylesheet = { name: 'React: stylesheet', path: 'packages/react/styles.css', max: 5_000 }

const weighed = []
const core = await weigh({ from: '@parley/client', take: '{ createClient }', without: [] })
for (const entry of entries) {
  const whole = await weigh(entry)
  weighed.push({ ...entry, ...whole, bytes: whole.bytes - (entry.adds === undefined ? 0 : core.bytes) })
}
weighed.push({
  ...stylesheet,
  bytes: gzipSync(readFileSync(stylesheet.path), { level: 9 }).length,
  foreign: [],
})

for (const { name, bytes, max, foreign } of weighed) {
  for (const path of foreign)
    console.error(`${path} is in the bundle of "${name}"; it may hold sources of ours only.`)
  if (bytes > max) console.error(`${name}: ${bytes} bytes after gzip, at most ${max}.`)
  console.log(`${name}: ${(bytes / 1000).toFixed(1)} kB after gzip (of ${max / 1000}).`)
  if (foreign.length > 0 || bytes > max) process.exitCode = 1
}

async function weigh({ from, take, without, adds = {} }) {
  const extras = Object.entries(adds).map(
    ([entry, names]) => `export { ${names} } from '${posix.join(from, entry)}'`,
  )
  const source = [`export ${take} from '${from}'`, ...extras].join('\n')
  const isLeftOut = (id) => without.some((name) => id === name || id.startsWith(`${name}/`))
  const virtual = '\0entry'
  const result = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['parley-source', ...defaultClientConditions] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? virtual : undefined),
        load: (id) => (id === virtual ? source : undefined),
      },
    ],
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      // As an application's build does it; the form for libraries would keep white space.
      rolldownOptions: { input: 'entry', preserveEntrySignatures: 'strict', external: isLeftOut },
      modulePreload: false,
    },
  })
  const { output } = Array.isArray(result) ? result[0] : result
  const chunks = output.filter(({ type }) => type === 'chunk')
  const sources = chunks.flatMap(({ modules }) =>
    Object.keys(modules).filter((path) => modules[path].renderedLength > 0 && path !== virtual),
  )
  const imported = chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports])
  return {
    bytes: gzipSync(chunks.map(({ code }) => code).join('\n'), { level: 9 }).length,
    foreign: [
      ...sources.filter(
        (path) => !/\/packages\/(client|protocol|react)\/src\//.test(path.replaceAll('\\', '/')),
      ),
      ...imported.filter((id) => !isLeftOut(id) && !output.some(({ fileName }) => fileName === id)),
    ],
  }
}
