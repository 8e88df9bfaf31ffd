'use client'

import { type ReactNode, type Ref, useMemo, useRef, useState } from 'react'
import { composingView } from '../../chat/composing-view.ts'
import { conversationView } from '../../chat/conversation/conversation-view.ts'
import type { ChatMessage } from '../../chat/message.ts'
import { useConversation } from '../../chat/use-conversations.ts'
import { type Messages, useMessages } from '../../chat/use-messages.ts'
import { useThread } from '../../chat/use-thread.ts'
import { useViews } from '../../provider.tsx'
import { useChatUi } from '../chat-ui.tsx'
import { classNames } from '../class-names.ts'
import { Announcer } from './announcer.tsx'
import { Beginning, NewestButton } from './list-edges.tsx'
import type { MessageHandlers, MessageSlots, RowContext } from './message-slots.ts'
import { RowElement } from './row-element.tsx'
import { rowsOf } from './rows.ts'
import { type ListFocus, useListFocus } from './use-list-focus.ts'
import { useListPlace } from './use-list-place.ts'
import { useReading } from './use-reading.ts'
import { useVirtualRows, type VirtualRows } from './use-virtual-rows.ts'

/** What a list shows: a conversation, or a thread with its root. */
export interface ShownList extends Messages {
  readonly root?: ChatMessage | undefined
}

/** For the application around a list. */
export interface MessageListHandle {
  /** Shows a message, loading what is around it where necessary. */
  scrollTo(seq: number): Promise<void>
  scrollToNewest(): Promise<void>
  focus(): void
}

export interface MessageListProps extends MessageSlots, MessageHandlers {
  readonly channel: string
  /** Shows the replies of this message instead of the conversation. */
  readonly thread?: number | undefined
  /** What it is called for screen readers; default "Messages". */
  readonly label?: string | undefined
  /** Marks messages as read when they have been in view; default true. */
  readonly marksRead?: boolean | undefined
  /** Shows this message and marks it for a moment. */
  readonly highlight?: number | undefined
  /** When there is no message. */
  readonly renderEmpty?: (() => ReactNode) | undefined
  /** Before the first message there is. */
  readonly renderBeginning?: (() => ReactNode) | undefined
  readonly className?: string | undefined
  readonly ref?: Ref<MessageListHandle> | undefined
}

/**
 * The messages of a conversation or thread: virtualised, live at the end, older ones as the reader goes up. Without
 * `onReply` and `onEdit`, the `Composer` of the same conversation or thread takes them.
 */
export function MessageList(props: MessageListProps): ReactNode {
  // Another place is another list, with a reading place of its own.
  return <List key={`${props.channel} ${props.thread ?? ''}`} {...props} />
}

function List(props: MessageListProps): ReactNode {
  const { channel, thread, highlight, label, marksRead = true, className } = props
  const { texts } = useChatUi()
  const list = useList(channel, thread, highlight)
  const { messages, root, hasOlder, hasNewer, status, loadOlder, loadNewer, missed, newest } = list
  const reading = useReading(channel, thread, marksRead)
  const { lineAfter, unread, saw } = reading
  const rows = useMemo(() => rowsOf(messages, lineAfter, root), [messages, lineAfter, root])
  const focus = useListFocus(rows)

  const isIdle = status === 'ready' && list.error === undefined
  const onNear = (edge: 'first' | 'last'): void => {
    if (!isIdle) return
    if (edge === 'first' && hasOlder && !list.isLoadingOlder) void loadOlder()
    if (edge === 'last' && hasNewer && !list.isLoadingNewer) void loadNewer()
  }
  const virtual = useVirtualRows(rows, focus.kept, { reachesEnd: !hasNewer, onNear, onView: saw })
  const { isPinned } = virtual
  const { highlighted, toNewest, show } = useListPlace(props, { list, rows, virtual, focus, reading })
  const context = useRowContext(props, list, show)
  const news = useNews(messages, newest, isPinned) + missed
  const isUnreadAbove = unread > 0 && hasOlder && lineAfter !== undefined && (rows[0]?.place ?? 0) > lineAfter

  return (
    <div className={classNames('parley-list', className)}>
      {isUnreadAbove && (
        <button
          type="button"
          className="parley-unread-above"
          onClick={() => void show(lineAfter + 1, 'quietly')}
        >
          {texts.unreadAbove(unread)}
        </button>
      )}
      <div
        ref={virtual.viewport}
        className="parley-viewport"
        role="log"
        aria-live="off"
        aria-label={label ?? (thread === undefined ? texts.messages : texts.replies)}
        aria-busy={status === 'loading' || list.isLoadingOlder || list.isLoadingNewer}
        onScroll={virtual.onScroll}
      >
        <Beginning
          snapshot={list}
          isThread={thread !== undefined}
          onReload={list.reload}
          onOlder={() => void loadOlder()}
          renderEmpty={props.renderEmpty}
          renderBeginning={props.renderBeginning}
        />
        <Rows {...{ virtual, focus, highlighted, context }} />
      </div>
      {!isPinned && rows.length > 0 && <NewestButton count={news} onClick={() => void toNewest()} />}
      <Announcer messages={messages} reachesEnd={!hasNewer} />
    </div>
  )
}

interface RowsProps {
  readonly virtual: VirtualRows
  readonly focus: ListFocus
  readonly highlighted: string | undefined
  readonly context: RowContext
}

function Rows({ virtual, focus, highlighted, context }: RowsProps): ReactNode {
  const { list, frame, register } = virtual
  const { current, onKeyDown, onFocus, onBlur } = focus
  return (
    <ol ref={list} className="parley-rows" {...{ onKeyDown, onFocus, onBlur }}>
      {frame.map((piece) =>
        'gap' in piece ? (
          <li key={piece.key} className="parley-gap" role="presentation" style={{ blockSize: piece.gap }} />
        ) : (
          <RowElement
            key={piece.row.key}
            row={piece.row}
            isCurrent={piece.row.key === current}
            isHighlighted={piece.row.key === highlighted}
            context={context}
            register={register}
          />
        ),
      )}
    </ol>
  )
}

/** The messages of the conversation, or of the thread. */
function useList(channel: string, thread: number | undefined, highlight: number | undefined): ShownList {
  const [begin] = useState(() => (highlight === undefined ? undefined : { seq: highlight }))
  const conversation = useMessages(thread === undefined ? channel : undefined, { begin })
  const replies = useThread(thread === undefined ? undefined : channel, thread)
  return thread === undefined ? conversation : replies
}

function useRowContext(
  props: MessageListProps,
  list: ShownList,
  show: (seq: number) => Promise<void>,
): RowContext {
  const { channel, thread, onReply, onOpenThread, onEdit, onUser } = props
  const { renderMessage, renderAvatar, renderText, renderAttachment, renderActions } = props
  const views = useViews()
  const me = views.client.connection.user
  const { conversation } = useConversation(channel)
  const canDeleteAll = conversation?.mine !== undefined && conversation.mine.role !== 'member'
  const messages = useRef(list.messages)
  messages.current = list.messages
  const around = useMemo(() => {
    const { begin } = composingView(views, channel, thread)
    return {
      channel,
      actions: conversationView(views, channel, thread).actions,
      onReply: onReply ?? ((message: ChatMessage) => begin({ replyTo: message })),
      onEdit: onEdit ?? ((message: ChatMessage) => begin({ editing: message })),
      findMessage: (seq: number) => messages.current.find((message) => message.seq === seq),
      onShow: (seq: number) => void show(seq),
    }
  }, [views, channel, thread, onReply, onEdit, show])
  const slots = useMemo(
    (): MessageSlots => ({ renderMessage, renderAvatar, renderText, renderAttachment, renderActions }),
    [renderMessage, renderAvatar, renderText, renderAttachment, renderActions],
  )
  return useMemo(
    () => ({ ...around, ...slots, me, canDeleteAll, onOpenThread, onUser }),
    [around, slots, me, canDeleteAll, onOpenThread, onUser],
  )
}

/** Messages of others that came since the newest one went out of view. */
function useNews(messages: readonly ChatMessage[], newest: number, isPinned: boolean): number {
  const [seen, setSeen] = useState(newest)
  if (isPinned && seen !== newest) setSeen(newest)
  if (isPinned) return 0
  return messages.filter(({ seq, isMine }) => seq !== undefined && seq > seen && !isMine).length
}
