import { fileLink } from '@parley/client/upload'
import { ChatUiProvider, useClient } from '@parley/react'
import { type ReactNode, useCallback } from 'react'
import { useNames } from '../presence/use-names.ts'

/** Tells the components of the library how people are called, and where files are. */
export function PeopleNames({ children }: { readonly children: ReactNode }) {
  const client = useClient()
  const nameOf = useNames()
  const user = useCallback((id: string) => ({ name: nameOf(id) }), [nameOf])
  const fileUrl = useCallback(
    async (file: string, variant?: 'thumbnail') =>
      (await fileLink(client, file, variant === undefined ? {} : { variant })).url,
    [client],
  )
  return (
    <ChatUiProvider user={user} fileUrl={fileUrl}>
      {children}
    </ChatUiProvider>
  )
}
