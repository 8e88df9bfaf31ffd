import type { GetToken } from '@parley/client'
import { RealtimeProvider } from '@parley/react'
import { type ReactNode, useEffect, useState } from 'react'
import { type OpenConnection, openConnection } from './open-connection.ts'

interface ConnectedProps {
  readonly user: string | undefined
  readonly getToken: GetToken
  readonly children: (connection: OpenConnection) => ReactNode
}

/** Opens the connection of a session, and shows what needs it: a moment later, when what is kept has been read. */
export function Connected({ user, getToken, children }: ConnectedProps) {
  const [connection, setConnection] = useState<OpenConnection>()
  useEffect(() => {
    let isCurrent = true
    const opening = openConnection(user, getToken)
    void opening.then((opened) => (isCurrent ? setConnection(opened) : opened.close()))
    return () => {
      isCurrent = false
      setConnection(undefined)
      void opening.then((opened) => opened.close())
    }
  }, [user, getToken])
  if (connection === undefined) return null
  const { client, cache, outbox } = connection
  return (
    <RealtimeProvider client={client} user={user} cache={cache} outbox={outbox}>
      {children(connection)}
    </RealtimeProvider>
  )
}
