import { type ReactNode, useState } from 'react'
import { useChatUi } from '../chat-ui.tsx'
import { Icon, type IconName } from '../icons.tsx'
import type { MessageSlot, RowContext } from './message-slots.ts'

interface RowActionsProps {
  readonly slot: MessageSlot
  readonly seq: number
  readonly context: RowContext
}

const quickEmoji = ['👍', '❤️', '😂'] as const

/** What can be done with a message. */
export function RowActions({ slot, seq, context }: RowActionsProps): ReactNode {
  const { texts } = useChatUi()
  const [isRemoving, setRemoving] = useState(false)
  const { message, actions } = slot
  const { onReply, onOpenThread, onEdit, renderActions, canDeleteAll } = context
  const usual = isRemoving ? (
    <>
      {(message.isMine || canDeleteAll) && (
        <TextButton label={texts.removeForAll} onClick={() => void actions.remove(seq, 'all')} />
      )}
      <TextButton label={texts.removeForMe} onClick={() => void actions.remove(seq, 'me')} />
      <TextButton label={texts.keep} onClick={() => setRemoving(false)} />
    </>
  ) : (
    <>
      {quickEmoji.map((emoji) => (
        <button
          key={emoji}
          type="button"
          className="parley-action"
          aria-label={`${texts.react} ${emoji}`}
          onClick={() => void actions.react(seq, emoji)}
        >
          <span aria-hidden="true">{emoji}</span>
        </button>
      ))}
      {onReply && <Action icon="reply" label={texts.reply} onClick={() => onReply(message)} />}
      {onOpenThread && message.thread === undefined && (
        <Action icon="thread" label={texts.openThread} onClick={() => onOpenThread(seq)} />
      )}
      {onEdit && message.isMine && <Action icon="edit" label={texts.edit} onClick={() => onEdit(message)} />}
      <Action icon="remove" label={texts.remove} onClick={() => setRemoving(true)} />
    </>
  )
  return <div className="parley-actions">{renderActions?.(slot, usual) ?? usual}</div>
}

interface ActionProps {
  readonly label: string
  readonly onClick: () => void
}

function Action({ icon, label, onClick }: ActionProps & { readonly icon: IconName }): ReactNode {
  return (
    <button type="button" className="parley-action" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  )
}

function TextButton({ label, onClick }: ActionProps): ReactNode {
  return (
    <button type="button" className="parley-button" onClick={onClick}>
      {label}
    </button>
  )
}
