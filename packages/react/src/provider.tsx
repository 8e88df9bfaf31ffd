'use client'

import { type Client, type ClientOptions, createClient } from '@parley/client'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from 'react'
import type { Offline } from './views/offline.ts'
import { Views } from './views/views.ts'

const RealtimeContext = createContext<Views | undefined>(undefined)

export type RealtimeProviderProps = { readonly children?: ReactNode } & (
  | ({ readonly client: Client } & Offline)
  | ({ readonly client?: undefined } & ClientOptions)
)

/**
 * Gives the components below a client. Made from options, it is connected while mounted; given as `client`, it is
 * connected on mount and stays its owner's; then a cache and an outbox may be given too. Rendering opens nothing, on servers neither.
 */
export function RealtimeProvider(props: RealtimeProviderProps): ReactNode {
  const { children } = props
  const own = useOwnClient(props.client === undefined ? props : undefined)
  const client = props.client ?? own
  useEffect(() => {
    if (props.client !== undefined) void props.client.connect()
  }, [props.client])
  const { user, cache, outbox }: Offline = props.client === undefined ? {} : props
  const views = useMemo(
    () => client && new Views(client, { user, cache, outbox }),
    [client, user, cache, outbox],
  )
  useEffect(() => views?.watchErasure(), [views])
  return <RealtimeContext value={views}>{children}</RealtimeContext>
}

/** The client of the provider above. */
export function useClient(): Client {
  return useViews().client
}

/** What the components below the provider share. */
export function useViews(): Views {
  const views = useContext(RealtimeContext)
  if (views === undefined)
    throw new Error('There is no RealtimeProvider above this component. Wrap the application in one.')
  return views
}

/** A client of the provider's own: a new one for another `url` or `token`, not for another function or object. */
function useOwnClient(options: ClientOptions | undefined): Client | undefined {
  const { url, token } = options ?? {}
  const latest = useRef(options)
  const mounted = useRef<Client | undefined>(undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: options written in place differ with every render.
  const client = useMemo(() => {
    if (options === undefined || url === undefined) return undefined
    // What an application shows is to come back by itself, however long the server was away.
    const lasting = { maxReconnectAttempts: Number.POSITIVE_INFINITY, ...options }
    if (options.getToken === undefined) return createClient(lasting)
    return createClient({ ...lasting, getToken: (request) => latest.current?.getToken?.(request) ?? '' })
  }, [url, token])
  useEffect(() => {
    latest.current = options
  }, [options])
  useEffect(() => {
    if (client === undefined) return
    mounted.current = client
    void client.connect()
    return () => {
      mounted.current = undefined
      // Strict Mode unmounts and mounts again within the same turn.
      queueMicrotask(() => {
        if (mounted.current !== client) client.disconnect()
      })
    }
  }, [client])
  return client
}
