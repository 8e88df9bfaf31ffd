'use client'

import type { ReactNode } from 'react'
import { useUnread } from '../chat/use-unread.ts'
import { useChatUi } from './chat-ui.tsx'
import { classNames } from './class-names.ts'

interface BadgeLook {
  /** Larger numbers are shown as `99+`. Default 99. */
  readonly max?: number | undefined
  readonly className?: string | undefined
}

export interface UnreadBadgeProps extends BadgeLook {
  /** Of one conversation; without it of everything. */
  readonly channel?: string | undefined
  readonly thread?: number | undefined
}

/** How many messages wait; mentions stand out. Nothing when there are none. */
export function UnreadBadge({ channel, thread, ...look }: UnreadBadgeProps): ReactNode {
  return channel === undefined ? (
    <Everywhere {...look} />
  ) : (
    <Here channel={channel} thread={thread} {...look} />
  )
}

function Everywhere(look: BadgeLook): ReactNode {
  const { total, mentions } = useUnread()
  return <Badge count={total} mentions={mentions} {...look} />
}

function Here({ channel, thread, ...look }: UnreadBadgeProps & { readonly channel: string }): ReactNode {
  const { unread, mentions } = useUnread(channel, thread)
  return <Badge count={unread} mentions={mentions} {...look} />
}

interface BadgeProps extends BadgeLook {
  readonly count: number
  readonly mentions: number
}

function Badge({ count, mentions, max = 99, className }: BadgeProps): ReactNode {
  const { texts, locale } = useChatUi()
  if (count === 0 && mentions === 0) return null
  const shown = count > max ? `${max.toLocaleString(locale)}+` : count.toLocaleString(locale)
  return (
    <span className={classNames('parley-badge', className)} data-mentions={mentions > 0 || undefined}>
      <span aria-hidden="true">{mentions > 0 ? `@ ${shown}` : shown}</span>
      <span className="parley-hidden">{texts.unread(shown, mentions)}</span>
    </span>
  )
}
