import type { Logger } from '../ports/logger.ts'
import type { Link } from '../sessions/link.ts'
import { type Activity, countOne } from './activity.ts'
import type { ClosedConnections } from './closed-connections.ts'

/** Where it is noted. */
interface Notebook {
  readonly options: { readonly operationLog?: Logger | undefined }
  readonly activity: Activity
  readonly closedConnections: ClosedConnections
}

/**
 * Notes why a connection ended, for who asks later.
 *
 * @param end what it is counted as: the name of our close code, or what became of the client
 * @param at in ms since 1970
 */
export function noteClosed(link: Link, end: string, notebook: Notebook, at: number): void {
  const { closure, session, handshake, since } = link
  const { code, reason, by } = closure ?? {
    code: 1006,
    reason: 'the connection broke',
    by: 'client' as const,
  }
  notebook.activity.closed += 1
  notebook.activity.lasted += Math.max(0, at - since)
  countOne(notebook.activity.closedFor, end)
  session?.tap?.closed(code, reason)
  const closed = {
    ...(session === undefined ? {} : { session: session.id, app: session.app }),
    ...(session?.identity.user === undefined ? {} : { user: session.identity.user }),
    ...{ transport: handshake.transport, ip: handshake.ip, since, code, reason, by },
  }
  notebook.closedConnections.add({ at, ...closed })
  notebook.options.operationLog?.debug('A connection has ended.', closed)
}
