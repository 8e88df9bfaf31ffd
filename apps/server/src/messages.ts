import { relative } from 'node:path'
import type { RunningServer } from './compose.ts'
import type { Config } from './config.ts'

/** How the program is used. */
export function help(): string {
  return `Parley: ordered channels on which nothing is lost.

  parley [serve]         start the server
  parley check-config    check the configuration and show what it says
  parley backup FILE     copy the data to a file, while the server runs or not
  parley restore FILE    replace the data by a backup; stop the server first
  parley --help          this text
  parley --version       the version

Settings come from flags, then the environment, then the file, then the profile:

  --port 3001                    PARLEY_PORT or PORT
  --profile production           PARLEY_PROFILE or NODE_ENV: development, staging, production
  --config parley.yaml           PARLEY_CONFIG; parley.yaml is read when it is there
  --data-dir ./data              PARLEY_DATA_DIR
  --tokens.clock-skew-ms 5000    PARLEY_TOKENS_CLOCK_SKEW_MS; every setting has both names
                                 PARLEY_JWT_SECRET: signs the tokens of the app \`default\`
                                 PARLEY_API_KEY: \`id:secret\` of a back end of the app \`default\``
}

/** What somebody needs to know who has just started a server. */
export function welcome(
  server: Pick<RunningServer, 'url' | 'development' | 'hasWorkspace'>,
  config: Config,
): string {
  const { url, hasWorkspace } = server
  const [path = '/realtime'] = config.websocketPaths
  const places = [
    ...(hasWorkspace ? [['Workspace', url]] : []),
    ['API', `${url}/docs/api`],
    ['WebSocket', `${url.replace(/^http/, 'ws')}${path}`],
    ['Data', config.storageProvider === 'memory' ? 'in memory, gone when the server stops' : config.dataDir],
  ]
  const lines = places.map(([name = '', place]) => `  ${name.padEnd(11)}${place}`)
  return ['Parley is ready.', '', ...lines, ...signIn(server), '', 'Ctrl-C stops the server.', ''].join('\n')
}

function signIn({
  url,
  development,
  hasWorkspace,
}: Pick<RunningServer, 'url' | 'development' | 'hasWorkspace'>): readonly string[] {
  if (development === undefined) return []
  const { apiKey, isNew, path } = development.made
  const kept = path === undefined ? '' : relative('.', path)
  return [
    '',
    hasWorkspace ? 'Sign in with any name. A token without the workspace:' : 'A token for any name:',
    `  curl ${url}/api/auth/sign-in -H 'content-type: application/json' -d '{"name":"Ada"}'`,
    '',
    ...(isNew
      ? [
          `The app key for back ends, made now${kept === '' ? '' : ` and kept in ${kept}`}:`,
          `  ${apiKey.id}:${apiKey.secret}`,
        ]
      : [`The app key for back ends is in ${kept}.`]),
  ]
}

/** What is said while a server stops. */
export const stopping = 'Stopping. Ctrl-C again stops at once.'

/** What is said after a backup. */
export function backedUp(file: string, { dataDir }: Config): string {
  return `The data of ${dataDir} are in ${file}. Words that are redacted from now on stay in the copy.`
}

/** What is said after a restore. */
export function restored(file: string, { dataDir }: Config): string {
  return (
    `The data of ${dataDir} are those of ${file} now. ` +
    'Every channel is a new stream: clients that held positions are told to load a snapshot.'
  )
}

/** What a configuration that is good says. */
export function checked(config: Config): string {
  const { profile, host, port, storageProvider, dataDir, apps, keys, apiKeys, kinds, warnings } = config
  const shown: readonly (readonly [string, string])[] = [
    ['Profile', profile],
    ['Listens on', `${host}:${port}`],
    ['Storage', storageProvider === 'memory' ? 'memory' : `${storageProvider} in ${dataDir}`],
    ['Apps', apps.join(', ')],
    ['Keys', `${keys.length} that sign tokens, ${apiKeys.length} of back ends`],
    ['Kinds', Object.keys(kinds).join(', ') || 'none'],
  ]
  const lines = shown.map(([name, value]) => `  ${name.padEnd(12)}${value}`)
  return [
    'The configuration is good.',
    '',
    ...lines,
    ...warnings.flatMap((warning) => ['', `Note: ${warning}`]),
  ].join('\n')
}
