import { useCallback, useSyncExternalStore } from 'react'
import { useDesk } from '../shell/desk.ts'
import { nameInId } from './portrait.ts'

/** What a user is called, as far as it is known; their id until then. A new function whenever a name changed. */
export function useNames(): (user: string) => string {
  const { names, isTrial } = useDesk()
  const all = useSyncExternalStore(names.watch, names.all)
  return useCallback(
    // Where people sign in by name, the id is made of the name.
    (user: string) => all.get(user) || (isTrial ? nameInId(user) : user),
    [all, isTrial],
  )
}
