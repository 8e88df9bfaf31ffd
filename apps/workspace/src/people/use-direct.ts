import { useCallback } from 'react'
import { goTo } from '../address/use-place.ts'
import { useNames } from '../presence/use-names.ts'
import { useDesk } from '../shell/desk.ts'

/** Opens the direct conversation with somebody. */
export function useDirect(): (user: string) => void {
  const { client, announcements } = useDesk()
  const nameOf = useNames()
  return useCallback(
    (user: string) =>
      void announcements.about(
        client.chat.direct({ users: [user] }).then(({ channel }) => goTo({ page: 'conversation', channel })),
        { failed: `The conversation with ${nameOf(user)} was not opened.` },
      ),
    [client, announcements, nameOf],
  )
}
