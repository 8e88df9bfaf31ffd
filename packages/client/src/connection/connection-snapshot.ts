import type { ConnectResult, ParleyError } from '@parley/protocol'
import { type ConnectionState, type ConnectionStatus, statusOf } from './connection-state.ts'

/** What is known of a connection; a new object whenever something changes. */
export interface ConnectionSnapshot {
  readonly status: ConnectionStatus
  /** False while the platform reports that there is no network. */
  readonly online: boolean
  readonly session?: string
  readonly app?: string
  readonly user?: string
  /** Why the status is `disconnected`, unless the application asked for it. */
  readonly error?: ParleyError
}

/** Why a usable connection ended. */
export interface Disconnect {
  readonly code: number
  readonly reason: string
  readonly willReconnect: boolean
  readonly error?: ParleyError
}

/** What applications see of a state; the same object as before when nothing of it has changed. */
export function snapshotOf(
  state: ConnectionState,
  facts: { readonly result: ConnectResult | undefined; readonly error: ParleyError | undefined },
  before: ConnectionSnapshot,
): ConnectionSnapshot {
  const { result, error } = facts
  const status = statusOf(state.phase)
  const next: ConnectionSnapshot = {
    status,
    online: state.online,
    ...(result === undefined ? {} : { session: result.session, app: result.app }),
    ...(result?.user === undefined ? {} : { user: result.user }),
    ...(status === 'disconnected' && error !== undefined ? { error } : {}),
  }
  const keys = ['status', 'online', 'session', 'app', 'user', 'error'] as const
  return keys.every((key) => before[key] === next[key]) ? before : next
}
