import {
  Composer,
  type ComposerHandle,
  type ConversationInfo,
  MessageList,
  TypingIndicator,
} from '@parley/react'
import { useEffect, useRef } from 'react'
import { SidePanel } from '../../shell/page/side-panel.tsx'
import { closedBecause, useAvatar } from './message-pane.tsx'
import { SendLater } from './send-later.tsx'
import { useUpload } from './use-upload.ts'

interface ThreadPanelProps {
  readonly conversation: ConversationInfo
  /** Seq of the message that the thread hangs on. */
  readonly thread: number
  readonly jumpTo: number | undefined
  readonly onClose: () => void
}

/** A thread beside its conversation. */
export function ThreadPanel({ conversation, thread, jumpTo, onClose }: ThreadPanelProps) {
  const { channel, mine } = conversation
  const renderAvatar = useAvatar()
  const upload = useUpload()
  const composer = useRef<ComposerHandle>(null)
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) composer.current?.focus()
  }, [])
  return (
    <SidePanel title="Thread" onClose={onClose} isWhole>
      <MessageList
        channel={channel}
        thread={thread}
        label="Replies"
        highlight={jumpTo}
        renderAvatar={renderAvatar}
      />
      <TypingIndicator channel={channel} thread={thread} />
      <Composer
        ref={composer}
        channel={channel}
        thread={thread}
        label="Reply in the thread"
        placeholder="Reply"
        closed={mine === undefined ? 'Join the room to write.' : closedBecause(conversation)}
        upload={upload}
        renderExtra={() => <SendLater channel={channel} thread={thread} />}
      />
    </SidePanel>
  )
}
