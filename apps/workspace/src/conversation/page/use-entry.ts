import { type ConversationInfo, useUnread } from '@parley/react'
import { useMemo } from 'react'
import type { Entry } from '../../conversations/list/sections.ts'
import { partnerIn, titleOf } from '../../conversations/list/title.ts'
import { useNames } from '../../presence/use-names.ts'
import { useDesk } from '../../shell/desk.ts'

/** One conversation as lists show it; also one that the reader is not in. */
export function useEntry(conversation: ConversationInfo | undefined): Entry | undefined {
  const { me } = useDesk()
  const nameOf = useNames()
  const { unread, mentions } = useUnread(conversation?.channel ?? '')
  return useMemo(
    () =>
      conversation && {
        conversation,
        title: titleOf(conversation, { me, nameOf }),
        partner: partnerIn(conversation, me),
        ...{ unread, mentions, hasDraft: false },
      },
    [conversation, me, nameOf, unread, mentions],
  )
}
