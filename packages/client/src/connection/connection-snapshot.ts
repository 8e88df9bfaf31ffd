import type { ConnectResult, ParleyError } from '@parley/protocol'
import { type ConnectionState, type ConnectionStatus, statusOf } from './connection-state.ts'

/** What is known of a connection; a new object whenever something changes. */
export interface ConnectionSnapshot {
  readonly status: ConnectionStatus
  /** False while the platform reports that there is no network. */
  readonly online: boolean
  readonly session?: string | undefined
  readonly app?: string | undefined
  readonly user?: string | undefined
  /** Why the status is `disconnected`, unless the application asked for it. */
  readonly error?: ParleyError | undefined
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
    session: result?.session,
    app: result?.app,
    user: result?.user,
    error: status === 'disconnected' ? error : undefined,
  }
  const keys = Object.keys(next) as (keyof ConnectionSnapshot)[]
  return keys.every((key) => before[key] === next[key]) ? before : next
}
