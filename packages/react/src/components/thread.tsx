'use client'

import { type ReactNode, useId } from 'react'
import { useChatUi } from './chat-ui.tsx'
import { classNames } from './class-names.ts'
import { Composer, type ComposerProps } from './composer/composer.tsx'
import { Icon } from './icons.tsx'
import { MessageList, type MessageListProps } from './message-list/message-list.tsx'
import { TypingIndicator } from './typing-indicator.tsx'

type ListProps = Omit<MessageListProps, 'thread' | 'ref' | 'onOpenThread' | 'className' | 'label'>
type WriterProps = Pick<ComposerProps, 'upload' | 'mentionable' | 'commands' | 'emoji' | 'closed'>

export interface ThreadProps extends ListProps, WriterProps {
  /** Seq of the message that the thread hangs on. */
  readonly seq: number
  readonly onClose?: (() => void) | undefined
  readonly className?: string | undefined
}

/** A message, the replies to it, and a place to write one. */
export function Thread(props: ThreadProps): ReactNode {
  const { seq, onClose, className, upload, mentionable, commands, emoji, closed, ...list } = props
  const { texts } = useChatUi()
  const heading = useId()
  const { channel } = list
  return (
    <section className={classNames('parley-thread', className)} aria-labelledby={heading}>
      <header className="parley-thread-head">
        <h2 id={heading}>{texts.thread}</h2>
        {onClose !== undefined && (
          <button type="button" className="parley-action" aria-label={texts.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        )}
      </header>
      <MessageList {...list} thread={seq} label={texts.replies} />
      <TypingIndicator channel={channel} thread={seq} />
      <Composer channel={channel} thread={seq} {...{ upload, mentionable, commands, emoji, closed }} />
    </section>
  )
}
