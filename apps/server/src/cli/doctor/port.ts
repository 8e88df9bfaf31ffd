import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Config } from '../../config.ts'
import { type Finding, type HealthCheck, ok, type Patient, problem, skipped } from './finding.ts'

/** Whether the server can listen where it should, or does. */
export const portCheck: HealthCheck = {
  name: 'port',
  title: 'Port',
  async look(patient) {
    const { config, server, isNamed } = patient
    if (isNamed || config === undefined)
      return skipped('The server is named, or nothing says where it should listen.')
    if (config.port === 0) return ok('The port is chosen at the start.')
    const refused = await tryToListen(config)
    if (refused === undefined) return ok(`${config.host}:${config.port} is free; no server runs there.`)
    if (server?.who === 'parley') return ownServer(patient, config)
    return explain(refused, config)
  },
}

function ownServer({ store }: Patient, { port, dataDir, storageProvider }: Config): Finding {
  if (storageProvider === 'memory' || store?.holder !== undefined)
    return ok(`A server listens on port ${port}.`)
  return problem(
    `Port ${port} is taken by another Parley server: nobody uses the data in ${dataDir}.`,
    'Stop it, or give this one a port of its own (`port`, PARLEY_PORT).',
  )
}

function explain(code: string, { host, port }: Config): Finding {
  const another = 'Stop that program (`ss -ltnp` names it), or take another port (`port`, PARLEY_PORT).'
  if (code === 'EADDRINUSE') return problem(`Port ${port} is taken by another program.`, another)
  if (code === 'EACCES')
    return problem(
      `Listening on port ${port} is not allowed: ports below 1024 are for root.`,
      'Take a port from 1024 on and put a proxy before it, or give the program the right (CAP_NET_BIND_SERVICE).',
    )
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return problem(
      `This machine has no address ${host}.`,
      'Set `host` to one of its addresses, to 127.0.0.1, or to 0.0.0.0 for all.',
    )
  return problem(
    `Listening on ${host}:${port} fails (${code}).`,
    'Set `host` and `port` to what can be listened on.',
  )
}

/** The code with which listening fails. */
async function tryToListen({ host, port }: Config): Promise<string | undefined> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return undefined
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}
