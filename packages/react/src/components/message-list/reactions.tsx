import type { ReactNode } from 'react'
import type { Reaction } from '../../chat/message.ts'
import type { MessagesActions } from '../../chat/messages.ts'
import { useChatUi } from '../chat-ui.tsx'

interface ReactionsProps {
  readonly seq: number
  readonly reactions: readonly Reaction[]
  readonly onReact: MessagesActions['react']
}

/** The emoji on a message: pressing one puts it there or takes it away. */
export function Reactions({ seq, reactions, onReact }: ReactionsProps): ReactNode {
  const { user, texts, locale } = useChatUi()
  const list = new Intl.ListFormat(locale, { type: 'conjunction' })
  return (
    <ul className="parley-reactions">
      {reactions.map(({ emoji, count, users, mine }) => {
        const names = users.map((id) => user(id).name)
        const more = count - users.length
        const who = list.format(more > 0 ? [...names, `+${more}`] : names)
        return (
          <li key={emoji}>
            <button
              type="button"
              className="parley-reaction"
              aria-pressed={mine}
              aria-label={texts.reactionLabel(emoji, count, who)}
              title={who}
              onClick={() => void onReact(seq, emoji, !mine)}
            >
              <span aria-hidden="true">{emoji}</span>
              <span aria-hidden="true">{count.toLocaleString(locale)}</span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}
