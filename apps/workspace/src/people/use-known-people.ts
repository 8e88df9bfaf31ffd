import { useConversations } from '@parley/react'
import { useMemo, useSyncExternalStore } from 'react'
import { useNames } from '../presence/use-names.ts'
import { useDesk } from '../shell/desk.ts'
import type { KnownPerson } from './known-people.ts'

/** People whom the reader has met: named somewhere, or in a conversation with them. Without the reader. */
export function useKnownPeople(): readonly KnownPerson[] {
  const { me, names } = useDesk()
  const all = useSyncExternalStore(names.watch, names.all)
  const nameOf = useNames()
  const { conversations } = useConversations()
  return useMemo(() => {
    const ids = new Set([
      ...all.keys(),
      ...conversations.flatMap(({ with: others = [], createdBy }) => [...others, createdBy]),
    ])
    return [...ids].filter((id) => id !== me && id !== '').map((id) => ({ id, name: nameOf(id) }))
  }, [all, conversations, nameOf, me])
}
