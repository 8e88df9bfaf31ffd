import { relative } from 'node:path'
import type { RunningServer } from '../compose.ts'
import type { Config } from '../config.ts'

/** What somebody needs to know who has just started a server. */
export function welcome(
  server: Pick<RunningServer, 'url' | 'development' | 'pages'>,
  config: Config,
): string {
  const { url, pages } = server
  const [path = '/realtime'] = config.websocketPaths
  const places = [
    ...(pages.workspace ? [['Workspace', url]] : []),
    ...(pages.console ? [['Console', `${url}/console`]] : []),
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
  pages,
}: Pick<RunningServer, 'url' | 'development' | 'pages'>): readonly string[] {
  if (development === undefined) return []
  const { apiKey, isNew, path } = development.made
  const kept = path === undefined ? '' : relative('.', path)
  return [
    '',
    pages.workspace ? 'Sign in with any name. A token without the pages:' : 'A token for any name:',
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
