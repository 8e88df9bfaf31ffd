'use client'

import type { ReactNode } from 'react'
import { useTyping } from '../presence/use-typing.ts'
import { useChatUi } from './chat-ui.tsx'
import { classNames } from './class-names.ts'

export interface TypingIndicatorProps {
  readonly channel: string
  readonly thread?: number | undefined
  readonly className?: string | undefined
}

/** "Ada is writing". Keeps its line also while nobody does, so that nothing moves. */
export function TypingIndicator({ channel, thread, className }: TypingIndicatorProps): ReactNode {
  const { people, count } = useTyping(channel, { thread })
  const { user, texts } = useChatUi()
  const names = people.map((person) => user(person.user).name)
  const [activity] = people.length === 1 && count === 1 ? people.map((person) => person.activity) : []
  const [name = ''] = names
  const text =
    activity === 'uploading'
      ? texts.uploadingNow(name)
      : activity === 'recording'
        ? texts.recordingNow(name)
        : texts.typing(names, count)
  return (
    <p className={classNames('parley-typing', className)} aria-live="off" dir="auto">
      {count > 0 && (
        <>
          <span className="parley-dots" aria-hidden="true">
            <span />
            <span />
            <span />
          </span>
          {text}
        </>
      )}
    </p>
  )
}
