import { memo, type ReactNode } from 'react'
import type { ChatMessage } from '../../chat/message.ts'
import { Avatar } from '../avatar.tsx'
import { useChatUi } from '../chat-ui.tsx'
import { Icon } from '../icons.tsx'
import { Markdown } from '../markdown/markdown.tsx'
import { plainOf } from '../markdown/plain.ts'
import { Time } from '../moment.tsx'
import { AttachmentView } from './attachment-view.tsx'
import type { MessageSlot, RowContext } from './message-slots.ts'
import { Reactions } from './reactions.tsx'
import { RowActions } from './row-actions.tsx'

interface MessageRowProps {
  readonly message: ChatMessage
  readonly isContinued: boolean
  /** Pointed at, or with the focus. */
  readonly isActive: boolean
  readonly context: RowContext
}

/** What a message looks like; renders again when the message changes, not when others do. */
export const MessageRow = memo(function MessageRow({
  message,
  isContinued,
  isActive,
  context,
}: MessageRowProps): ReactNode {
  const { renderMessage, renderAvatar, actions, onUser } = context
  const slot: MessageSlot = { message, isContinued, actions }
  if (renderMessage !== undefined) return renderMessage(slot)
  const { author, at, state } = message
  return (
    <article
      className="parley-message"
      data-state={state}
      data-continued={isContinued || undefined}
      data-mine={message.isMine || undefined}
    >
      <div className="parley-gutter">
        {!isContinued && (renderAvatar?.(author) ?? <Avatar user={author} />)}
        {isContinued && isActive && <Time at={at} />}
      </div>
      <div className="parley-body">
        {!isContinued && (
          <header className="parley-head">
            <Author user={author} onUser={onUser} />
            <Time at={at} />
            {message.pinned !== undefined && <Pinned />}
          </header>
        )}
        <Content slot={slot} context={context} />
        <Problem message={message} actions={actions} />
      </div>
      {message.isMine && message.deleted === undefined && <Delivery state={state} />}
      {isActive && message.seq !== undefined && message.deleted === undefined && (
        <RowActions slot={slot} seq={message.seq} context={context} />
      )}
    </article>
  )
})

function Content({ slot, context }: { readonly slot: MessageSlot; readonly context: RowContext }): ReactNode {
  const { message } = slot
  const { texts } = useChatUi()
  const { renderText, renderAttachment, me, onUser, onOpenThread, actions } = context
  const { seq, replies } = message
  const thread = replies !== undefined && seq !== undefined && onOpenThread !== undefined && (
    <button type="button" className="parley-replies" onClick={() => onOpenThread(seq)}>
      <Icon name="thread" />
      {texts.replyCount(replies.count)} · <Time at={replies.lastAt} />
    </button>
  )
  if (message.deleted !== undefined)
    return (
      <>
        <p className="parley-deleted">{texts.deleted}</p>
        {thread}
      </>
    )
  return (
    <>
      {message.replyTo !== undefined && <Quoted seq={message.replyTo} context={context} />}
      <div className="parley-text">
        {renderText?.(slot) ?? (
          <Markdown text={message.text} mentions={message.mentions ?? nobody} me={me} onUser={onUser} />
        )}
        {message.edited !== undefined && <EditedMark at={message.edited.at} />}
      </div>
      {message.attachments?.map((attachment) => (
        <div key={attachment.file} className="parley-attachment">
          {renderAttachment?.(attachment, slot) ?? <AttachmentView attachment={attachment} />}
        </div>
      ))}
      {seq !== undefined && message.reactions.length > 0 && (
        <Reactions seq={seq} reactions={message.reactions} onReact={actions.react} />
      )}
      {thread}
    </>
  )
}

const nobody: readonly string[] = []

function Author({
  user,
  onUser,
}: {
  readonly user: string
  readonly onUser: RowContext['onUser']
}): ReactNode {
  const { name } = useChatUi().user(user)
  if (onUser === undefined) return <bdi className="parley-author">{name}</bdi>
  return (
    <button type="button" className="parley-author" onClick={() => onUser(user)}>
      <bdi>{name}</bdi>
    </button>
  )
}

function Pinned(): ReactNode {
  const { texts } = useChatUi()
  return <Icon name="pin" label={texts.pinned} />
}

function EditedMark({ at }: { readonly at: number }): ReactNode {
  const { texts, locale } = useChatUi()
  return (
    <span className="parley-edited" title={new Date(at).toLocaleString(locale)}>
      ({texts.edited})
    </span>
  )
}

/** The message that is answered. */
function Quoted({ seq, context }: { readonly seq: number; readonly context: RowContext }): ReactNode {
  const ui = useChatUi()
  const quoted = context.findMessage(seq)
  return (
    <button type="button" className="parley-quoted" onClick={() => context.onShow(seq)}>
      <Icon name="reply" />
      {quoted === undefined ? (
        ui.texts.reply
      ) : (
        <>
          <bdi className="parley-author">{ui.user(quoted.author).name}</bdi>
          <span dir="auto">
            {quoted.deleted === undefined ? plainOf(quoted.text, 120) : ui.texts.deleted}
          </span>
        </>
      )}
    </button>
  )
}

const deliveryIcons = { sending: 'clock', stored: 'tick', seen: 'ticks', failed: 'failed' } as const

function Delivery({ state }: Pick<ChatMessage, 'state'>): ReactNode {
  const { texts } = useChatUi()
  return (
    <span className="parley-delivery" data-state={state}>
      <Icon name={deliveryIcons[state]} label={state === 'failed' ? texts.notSent : texts[state]} />
    </span>
  )
}

/** Why the message was not sent, or a change of it refused, and what can be done. */
function Problem({ message, actions }: Pick<MessageSlot, 'message' | 'actions'>): ReactNode {
  const { texts } = useChatUi()
  const { key, seq, error, refused } = message
  if (error !== undefined)
    return (
      <div className="parley-problem" role="alert">
        {texts.notSent} {error.message}
        <button type="button" className="parley-button" onClick={() => void actions.retry(key)}>
          {texts.tryAgain}
        </button>
        <button type="button" className="parley-button" onClick={() => actions.discard(key)}>
          {texts.discard}
        </button>
      </div>
    )
  if (refused === undefined || seq === undefined) return null
  return (
    <div className="parley-problem" role="alert">
      {texts.notChanged} {refused.error.message}
      <button type="button" className="parley-button" onClick={() => actions.dismiss(seq)}>
        {texts.dismiss}
      </button>
    </div>
  )
}
