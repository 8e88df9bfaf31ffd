import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { ChatMessage } from '../../chat/message.ts'
import { useChatUi } from '../chat-ui.tsx'
import { plainOf } from '../markdown/plain.ts'

const pauseMs = 700
const longest = 200

interface AnnouncerProps {
  readonly messages: readonly ChatMessage[]
  /** New messages come at the end. */
  readonly reachesEnd: boolean
}

/**
 * Tells screen readers what others write while the list is open: one message by its words, several by their number.
 * What is loaded, scrolled or written by the user is not news.
 */
export function Announcer({ messages, reachesEnd }: AnnouncerProps): ReactNode {
  const { user, texts } = useChatUi()
  const [text, setText] = useState('')
  const heard = useRef<number>(undefined)
  const news = useRef<ChatMessage[]>([])
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    const newest = messages.findLast(({ seq }) => seq !== undefined)?.seq ?? 0
    const known = heard.current
    heard.current = Math.max(known ?? 0, newest)
    // The first page, and jumps to and fro, are not news.
    if (known === undefined || known === 0 || !reachesEnd) return
    const fresh = messages.filter(({ seq, isMine }) => seq !== undefined && seq > known && !isMine)
    if (fresh.length === 0) return
    news.current.push(...fresh)
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      const [one, ...more] = news.current
      news.current = []
      if (one === undefined) return
      const count = more.length + 1
      setText(count > 1 ? texts.missed(count) : texts.said(user(one.author).name, plainOf(one.text, longest)))
    }, pauseMs)
  }, [messages, reachesEnd, user, texts])
  useEffect(() => () => clearTimeout(timer.current), [])
  return (
    <div className="parley-hidden" role="status">
      {text}
    </div>
  )
}
