import { type HealthCheck, ok, problem, skipped } from './finding.ts'

/** Whether the server that answers says that it is well. */
export const serverCheck: HealthCheck = {
  name: 'server',
  title: 'Server',
  look({ server, isNamed }) {
    if (server === undefined) return skipped('Nothing says where the server is.')
    if (server.who === 'parley' && server.failing.length === 0)
      return ok(`The server at ${server.url} is ready.`)
    if (server.who === 'parley')
      return problem(
        `The server at ${server.url} is not ready. ${server.failing.join(' ')}`,
        'It goes on by itself when the cause is gone; the checks here name it, and the log of the server tells more.',
      )
    if (!isNamed) return skipped('No server runs here. `parley` starts one.')
    return problem(
      server.who === 'other'
        ? `What answers at ${server.url} is no Parley server.`
        : `Nobody answers at ${server.url}.`,
      'Check the address, the firewall and what stands before the server.',
    )
  },
}
