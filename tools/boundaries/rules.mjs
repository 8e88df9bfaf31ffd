// Which way imports may point (ARCHITECTURE.md draws it). Every rule here has a planted violation in
// tests/fences, so that a rule which stops reporting is noticed.

/** A package or application may import these of ours. Whatever is not listed is refused. */
const mayImport = {
  'packages/protocol': [],
  'packages/kernel': ['packages/protocol'],
  'packages/modules': ['packages/protocol', 'packages/kernel'],
  'packages/adapters': ['packages/protocol', 'packages/kernel'],
  'packages/gateway': ['packages/protocol', 'packages/kernel'],
  // A composition root of its own: a node with the names of another library on top.
  'packages/socket-io': ['packages/protocol', 'packages/kernel', 'packages/modules', 'packages/adapters'],
  'packages/client': ['packages/protocol', 'packages/modules'],
  'packages/react': ['packages/client'],
  'apps/server': [
    'packages/protocol',
    'packages/kernel',
    'packages/modules',
    'packages/adapters',
    'packages/gateway',
    // The command line is a user of the SDK too.
    'packages/client',
  ],
  // Users of the public SDK, as everybody else's applications are.
  'packages/look': ['packages/client'],
  'apps/workspace': ['packages/client', 'packages/react', 'packages/look'],
  'apps/console': ['packages/client', 'packages/react', 'packages/look'],
  // Asks a running server what it offers, and reads the registries.
  'apps/docs': ['packages/protocol', 'packages/kernel', 'packages/gateway', 'apps/server'],
  'apps/loadtest': ['packages/client'],
}

/** Tests of a package, and what its folders named `testing` hold for them, may import these of ours besides. */
const testsMayImport = {
  // Modules with tables are tested over a memory store with SQL, which an adapter provides.
  'packages/modules': ['packages/adapters'],
}

/** Each library from npm has one home; what has none here may not be imported by packages and applications. */
const vendorHomes = {
  '@11ty/eleventy': ['apps/docs/src/site'],
  '@fontsource-variable/.+': ['apps/docs/src/site'],
  '@mantine/.+': ['packages/look/src', 'apps/workspace/src', 'apps/console/src'],
  '@tanstack/.+': ['apps/console/src'],
  '@opentelemetry/.+': ['packages/adapters/src/tracing/'],
  'beautiful-mermaid': ['apps/docs/src/markdown/'],
  aws4fetch: ['packages/adapters/src/blob/s3/'],
  fastify: ['packages/adapters/src/http/fastify'],
  'file-type': ['packages/adapters/src/type-detector/file-type'],
  jose: ['packages/adapters/src/token/'],
  kysely: ['packages/adapters/src/log-and-store/'],
  'markdown-it': ['apps/docs/src/markdown/'],
  minisearch: ['apps/docs/src/shell/'],
  pg: ['packages/adapters/src/log-and-store/postgres'],
  pino: ['apps/server/src/logger'],
  'prom-client': ['packages/adapters/src/metrics/'],
  react: ['packages/react/src', 'packages/look/src', 'apps/workspace/src', 'apps/console/src'],
  'react-dom': [
    'packages/react/src/.+[.]test[.]tsx',
    'packages/react/src/testing/',
    'apps/workspace/src',
    'apps/console/src',
  ],
  uplot: ['apps/console/src/charts/'],
  sharp: ['packages/adapters/src/image/sharp'],
  shiki: ['apps/docs/src/markdown/'],
  'vite/client': ['packages/look/src', 'apps/workspace/src', 'apps/console/src'],
  ws: ['packages/adapters/src/transport/websocket'],
  yaml: ['apps/server/src/config', 'packages/gateway/src/openapi'],
  zod: ['packages/modules/src', 'packages/gateway/src', 'apps/server/src/config', 'apps/server/src/embed'],
}

const anyTest = '[.](test|test-d)[.]tsx?$'
const forTests = [anyTest, '/testing/[^/]+[.]ts$']
const testRunners = ['vitest', 'fast-check']
const inPackages = '^(packages|apps)/[^/]+/src/'
const builtin = { dependencyTypes: ['core'] }
const fromNpm = (name) => `(^|/)node_modules/${name}(/|$)`

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

const importsOf = (name, comment, from, allowed) =>
  forbid(name, `${comment} may import ${allowed.join(', ') || 'no other package of ours'}.`, from, {
    path: '^(packages|apps|bench|tests|tools)/',
    pathNot: allowed.map((other) => `^${other}/`),
  })

const directions = Object.entries(mayImport).map(([home, allowed]) =>
  importsOf(
    `${home.replace('/', '-')}-imports`,
    home,
    { path: `^${home}/src/`, ...(home in testsMayImport ? { pathNot: forTests } : {}) },
    [home, ...allowed],
  ),
)

const testDirections = Object.entries(testsMayImport).map(([home, allowed]) =>
  importsOf(
    `${home.replace('/', '-')}-test-imports`,
    `Tests of ${home}`,
    { path: forTests.map((path) => `^${home}/src/.*${path}`) },
    [home, ...mayImport[home], ...allowed],
  ),
)

const vendors = Object.entries(vendorHomes).map(([name, homes]) =>
  forbid(
    `${name.replace(/[^a-z-]+/g, '-').replace(/^-|-$/g, '')}-has-one-home`,
    `${name} is imported in ${homes.join(' and ')} only.`,
    { path: inPackages, pathNot: homes.map((home) => `^${home}`) },
    { path: fromNpm(name) },
  ),
)

/** What RFC 6455 says of frames, handshakes and connections, whatever the messages mean. */
const rfc6455 =
  '^packages/adapters/src/transport/websocket/(connection|frame-reader|handshake|read-turns|server-frame)[.]ts$'

/** How bytes get into a socket, whatever they mean. */
const socketWriting = '^packages/adapters/src/transport/socket/socket-writer[.]ts$'

const contractFiles = [
  '^packages/modules/src/(contracts|paging)[.]ts$',
  '^packages/modules/src/[^/]+/(contract|model|permissions)[.]ts$',
  '^packages/modules/src/[^/]+/[^/]+/(contract|model|permissions)[.]ts$',
]

export const forbidden = [
  ...directions,
  ...testDirections,
  ...vendors,
  forbid(
    'vendor-without-a-home',
    'Give the library a home in tools/boundaries/rules.mjs first.',
    { path: inPackages, pathNot: [anyTest] },
    {
      path: '(^|/)node_modules/',
      pathNot: [...Object.keys(vendorHomes), '@types/.+'].map(fromNpm),
    },
  ),
  forbid(
    'packages-by-front-door',
    'Another package is imported by its name and its exported entries.',
    { path: '^((packages|apps)/[^/]+|bench|tests)/' },
    { path: '^(packages|apps)/', pathNot: '^$1/', dependencyTypes: ['local'] },
  ),
  forbid(
    'no-input-or-output',
    'Node modules belong into adapters and applications: everything else runs on virtual time.',
    {
      path: '^packages/(protocol|kernel|modules|gateway|client|react|look)/src/',
      // An entry of its own, for programs that run in Node.
      pathNot: [anyTest, '^packages/client/src/offline/file-store[.]ts$'],
    },
    builtin,
  ),
  forbid(
    'modules-by-contract',
    'A module knows another one by its contract and model; it acts by ctx.call and listens to events.',
    { path: '^packages/modules/src/([^/]+)/' },
    {
      path: '^packages/modules/src/[^/]+/',
      pathNot: ['^packages/modules/src/$1/', '/(contract|model)[.]ts$'],
    },
  ),
  forbid(
    'contracts-are-isomorphic',
    'Contracts are read by clients: schemas and the contract shape, nothing else.',
    { path: contractFiles },
    { path: '.+', pathNot: [...contractFiles, '^packages/protocol/', fromNpm('zod')] },
  ),
  forbid(
    'client-imports-types',
    'The client takes contracts as types, so that no schema reaches a bundle.',
    { path: '^packages/client/src/' },
    { path: '^packages/modules/', dependencyTypesNot: ['type-only'] },
  ),
  forbid(
    'client-sees-contracts',
    'Of the modules, the client knows @parley/modules/contracts.',
    { path: '^packages/client/src/' },
    { path: '^packages/modules/', pathNot: '^packages/modules/src/contracts[.]ts$' },
  ),
  forbid(
    'adapters-stay-apart',
    'One technology never leans on another: what they share is a port.',
    { path: '^packages/adapters/src/([^/]+)/([^/.]+)' },
    {
      path: '^packages/adapters/src/',
      pathNot: ['^packages/adapters/src/$1/$2(/|[.])', rfc6455, socketWriting],
    },
  ),
  forbid(
    'sockets-are-for-transports',
    'What a WebSocket is on the wire, and how a socket is written to, is shared by the transports.',
    { path: '^packages/adapters/src/', pathNot: '^packages/adapters/src/transport/' },
    { path: [rfc6455, socketWriting] },
  ),
  forbid(
    'adapters-by-front-door',
    'The folder beside an adapter holds its parts; import the file of the technology.',
    { path: '^((packages|apps)/[^/]+|bench|tests)/', pathNot: '^packages/adapters/' },
    { path: '^packages/adapters/src/[^/]+/[^/]+/' },
  ),
  forbid(
    'ports-stand-alone',
    'A port names what it needs, not who provides it.',
    { path: '^packages/kernel/src/ports/' },
    { path: '.+', pathNot: ['^packages/kernel/src/ports/', '^packages/protocol/'] },
  ),
  forbid(
    'testing-is-for-tests',
    'Conformance suites and test nodes are for tests and the simulation.',
    { path: inPackages, pathNot: [...forTests, '^packages/kernel/src/(testing|simulation)/'] },
    { path: '^packages/kernel/src/(testing|simulation)/' },
  ),
  forbid('tests-are-leaves', 'Nobody imports a test.', {}, { path: anyTest }),
  forbid(
    'runners-are-for-tests',
    'Shipped code runs without a test runner; suites are given its `test` function.',
    { path: inPackages, pathNot: anyTest },
    { path: testRunners.map(fromNpm) },
  ),
  forbid(
    'no-cycles',
    'Two files that need each other at run time are one file, or need a third.',
    {},
    { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  ),
  forbid(
    'no-orphans',
    'Nothing imports this file and it imports nothing.',
    { orphan: true, path: inPackages, pathNot: [anyTest, '[.]d[.]ts$', '/index[.]tsx?$', '/main[.]tsx?$'] },
    {},
  ),
  forbid('resolvable', 'The import leads nowhere.', {}, { couldNotResolve: true }),
  forbid(
    'declared',
    'List the library in the dependencies of the package that imports it.',
    { path: inPackages, pathNot: [anyTest, '^packages/(modules|react)/src/(.*/|)testing/'] },
    {
      dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'],
      dependencyTypesNot: ['npm', 'npm-peer', 'type-only'],
    },
  ),
]

export const options = {
  parser: 'swc',
  tsPreCompilationDeps: true,
  combinedDependencies: false,
  exclude: { path: ['^(packages|apps)/[^/]+/dist/', '^coverage/'] },
  doNotFollow: { path: ['(^|/)node_modules/'] },
  enhancedResolveOptions: {
    conditionNames: ['parley-source', 'types', 'import', 'node', 'default'],
    exportsFields: ['exports'],
    extensions: ['.ts', '.tsx', '.mjs', '.js', '.d.ts', '.css'],
    mainFields: ['types', 'module', 'main'],
  },
}
