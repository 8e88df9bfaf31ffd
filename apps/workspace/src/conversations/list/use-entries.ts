import { useConversations, useDraftPlaces, useUnread } from '@parley/react'
import { useMemo } from 'react'
import { useNames } from '../../presence/use-names.ts'
import { useDesk } from '../../shell/desk.ts'
import type { Entry } from './sections.ts'
import { partnerIn, titleOf } from './title.ts'

/** The conversations of the reader with what waits in them, newest activity first; not those that are archived. */
export function useEntries(): readonly Entry[] {
  const { me } = useDesk()
  const nameOf = useNames()
  const { conversations } = useConversations()
  const { conversations: waiting } = useUnread()
  const drafts = useDraftPlaces()
  return useMemo(
    () =>
      conversations
        .filter(({ archived }) => !archived)
        .map((conversation): Entry => {
          const state = waiting.get(conversation.channel)
          return {
            conversation,
            title: titleOf(conversation, { me, nameOf }),
            partner: partnerIn(conversation, me),
            unread: state?.unread ?? 0,
            mentions: state?.mentions ?? 0,
            hasDraft: drafts.has(conversation.channel),
          }
        }),
    [conversations, waiting, drafts, me, nameOf],
  )
}
