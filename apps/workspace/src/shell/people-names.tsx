import { ChatUiProvider } from '@parley/react'
import { type ReactNode, useCallback } from 'react'
import { useNames } from '../presence/use-names.ts'

/** Tells the components of the library how people are called. */
export function PeopleNames({ children }: { readonly children: ReactNode }) {
  const nameOf = useNames()
  const user = useCallback((id: string) => ({ name: nameOf(id) }), [nameOf])
  return <ChatUiProvider user={user}>{children}</ChatUiProvider>
}
