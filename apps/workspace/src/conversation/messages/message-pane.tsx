import {
  Composer,
  type ComposerHandle,
  type ConversationInfo,
  MessageList,
  TypingIndicator,
} from '@parley/react'
import { type ReactNode, useCallback, useEffect, useRef } from 'react'
import { Avatar } from '../../presence/avatar.tsx'
import { useNames } from '../../presence/use-names.ts'
import styles from './message-pane.module.css'
import { SendLater } from './send-later.tsx'
import { useUpload } from './use-upload.ts'

interface MessagePaneProps {
  readonly conversation: ConversationInfo
  readonly title: string
  /** Begins around this message and marks it for a moment. */
  readonly jumpTo: number | undefined
  readonly onOpenThread: (seq: number) => void
  /** Stands where the composer would. */
  readonly foot?: ReactNode
}

/** The messages of a conversation, and the place to write one. */
export function MessagePane({ conversation, title, jumpTo, onOpenThread, foot }: MessagePaneProps) {
  const { channel } = conversation
  const composer = useRef<ComposerHandle>(null)
  const renderAvatar = useAvatar()
  const upload = useUpload()

  // Whoever opens a conversation writes next. A telephone would show its keyboard for it, so it waits for a touch.
  useEffect(() => {
    if (isIdle() && matchMedia('(hover: hover)').matches) composer.current?.focus()
  }, [])

  return (
    <>
      <MessageList
        className={styles.list}
        channel={channel}
        label={`Messages in ${title}`}
        highlight={jumpTo}
        onOpenThread={onOpenThread}
        renderAvatar={renderAvatar}
      />
      <TypingIndicator channel={channel} />
      {foot ?? (
        <Composer
          ref={composer}
          className={styles.composer}
          channel={channel}
          label={`Message to ${title}`}
          placeholder={`Write to ${title}`}
          closed={closedBecause(conversation)}
          upload={upload}
          renderExtra={() => <SendLater channel={channel} />}
        />
      )}
    </>
  )
}

/** The portraits of this application, for the components of the library. */
export function useAvatar(): (user: string) => ReactNode {
  const nameOf = useNames()
  return useCallback((user: string) => <Avatar id={user} name={nameOf(user)} />, [nameOf])
}

/** Nobody is torn from a dialog or from what they write. */
function isIdle(): boolean {
  const { activeElement } = document
  return activeElement === null || !activeElement.matches('input, textarea, select, [role="dialog"] *')
}

/** Why nothing can be written; undefined where it can. */
export function closedBecause({ archived, locked, mine }: ConversationInfo): string | undefined {
  if (archived) return 'This conversation is archived: it can be read, and nobody writes.'
  if (locked && mine?.role === 'member') return 'Only admins and owners write here.'
  return undefined
}
