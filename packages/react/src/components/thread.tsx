'use client'

import type { ReactNode } from 'react'
import type { ComposerProps } from './composer/composer.tsx'
import type { MessageListProps } from './message-list/message-list.tsx'

export interface ThreadProps
  extends Omit<MessageListProps, 'thread' | 'ref' | 'onOpenThread'>,
    Pick<ComposerProps, 'upload' | 'mentionable' | 'commands' | 'closed'> {
  /** Seq of the message that the thread hangs on. */
  readonly seq: number
  readonly onClose?: (() => void) | undefined
}

/** A message, the replies to it, and a place to write one. */
export function Thread(props: ThreadProps): ReactNode {
  throw new Error(`not yet ${props}`)
}
