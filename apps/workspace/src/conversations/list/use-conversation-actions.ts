import { useUnread } from '@parley/react'
import { useMemo } from 'react'
import { placeIn } from '../../address/place.ts'
import { replaceWith } from '../../address/use-place.ts'
import { useDesk } from '../../shell/desk.ts'
import type { Entry } from './sections.ts'

/** When one is told of messages. */
export type Notify = 'all' | 'mentions' | 'none'

/** What a member does with a conversation as a whole. What goes wrong is announced. */
export interface ConversationActions {
  star(entry: Entry, starred: boolean): void
  /** Fulfilled with whether it worked. */
  setNotify(entry: Entry, notify: Notify): Promise<boolean>
  markRead(entry: Entry): void
  markUnread(entry: Entry): void
  leave(entry: Entry): void
}

export function useConversationActions(): ConversationActions {
  const { client, announcements, dialogs } = useDesk()
  const { conversations, markRead, markUnread } = useUnread()
  return useMemo((): ConversationActions => {
    const headOf = ({ conversation }: Entry) => conversations.get(conversation.channel)?.head ?? 0
    const prefer = (entry: Entry, preferences: { starred?: boolean; notify?: Notify }, done?: string) =>
      announcements.about(
        client.chat.setPreferences({ channel: entry.conversation.channel, ...preferences }),
        { ...(done === undefined ? {} : { done }), failed: `“${entry.title}” was not changed.` },
      )
    return {
      star: (entry, starred) => void prefer(entry, { starred }),
      setNotify: (entry, notify) => prefer(entry, { notify }, notifyWords(entry.title)[notify]),
      markRead(entry) {
        const head = headOf(entry)
        if (head > 0) markRead(entry.conversation.channel, head)
      },
      markUnread(entry) {
        const head = headOf(entry)
        if (head === 0) return
        const failed = `“${entry.title}” was not marked unread.`
        void announcements.about(markUnread(entry.conversation.channel, head), { failed })
      },
      leave(entry) {
        const { channel, visibility } = entry.conversation
        dialogs.ask({
          title: `Leave “${entry.title}”?`,
          text:
            visibility === 'public'
              ? 'Its messages stay. You can join again at any time.'
              : 'Its messages stay for the others. To come back you need an invitation.',
          action: 'Leave',
          isDanger: true,
          failed: `You are still in “${entry.title}”.`,
          run: async () => {
            await client.chat.leave({ channel })
            if (isOpen(channel)) replaceWith({ page: 'home' })
          },
        })
      },
    }
  }, [client, announcements, dialogs, conversations, markRead, markUnread])
}

function isOpen(channel: string): boolean {
  const place = placeIn(location.hash)
  return place.page === 'conversation' && place.channel === channel
}

const notifyWords = (title: string): Readonly<Record<Notify, string>> => ({
  all: `You are told of every message in “${title}”.`,
  mentions: `You are told when somebody mentions you in “${title}”.`,
  none: `“${title}” is muted.`,
})
