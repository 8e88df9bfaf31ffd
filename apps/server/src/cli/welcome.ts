import { relative } from 'node:path'
import type { RunningServer } from '../compose.ts'
import type { Config } from '../config.ts'

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
