'use client'

import type { Client, ConnectionStatus } from '@parley/client'
import { useCallback, useMemo, useSyncExternalStore } from 'react'
import { useClient } from './provider.tsx'

export interface Realtime {
  /** The device has a network, as far as it knows. */
  readonly isOnline: boolean
  readonly connectionStatus: ConnectionStatus
  readonly client: Client
}

/** The connection. Renders again only when one of the fields changes, and the result is the same object until then. */
export function useRealtime(): Realtime {
  const client = useClient()
  const watch = useCallback((listener: () => void) => client.on('status', () => listener()), [client])
  const isOnline = useSyncExternalStore(
    watch,
    () => client.connection.online,
    () => true,
  )
  const connectionStatus = useSyncExternalStore(
    watch,
    () => client.connection.status,
    () => 'disconnected' as const,
  )
  return useMemo(() => ({ isOnline, connectionStatus, client }), [isOnline, connectionStatus, client])
}
