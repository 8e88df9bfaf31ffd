import type { ReactNode } from 'react'
import type { ChatMessage } from '../../chat/message.ts'
import type { Draft } from '../../chat/use-draft.ts'
import { useChatUi } from '../chat-ui.tsx'
import { Icon } from '../icons.tsx'
import { plainOf } from '../markdown/plain.ts'
import type { Note } from './use-composing.ts'
import type { Uploads } from './use-uploads.ts'

interface ComposerHeadProps {
  readonly replyTo: ChatMessage | undefined
  readonly editing: ChatMessage | undefined
  readonly onCancel: () => void
}

/** What is written about: the message that is answered or edited. */
export function ComposerHead({ replyTo, editing, onCancel }: ComposerHeadProps): ReactNode {
  const { user, texts } = useChatUi()
  const about = editing ?? replyTo
  if (about === undefined) return null
  return (
    <div className="parley-about">
      <Icon name={editing === undefined ? 'reply' : 'edit'} />
      <span>{editing === undefined ? texts.replyingTo(user(about.author).name) : texts.editing}</span>
      <span className="parley-detail" dir="auto">
        {plainOf(about.text, 120)}
      </span>
      <button type="button" className="parley-action" aria-label={texts.cancel} onClick={onCancel}>
        <Icon name="close" />
      </button>
    </div>
  )
}

interface ComposerFootProps {
  readonly note: Note | undefined
  readonly draft: Draft
  readonly uploads: Uploads
  readonly excess: number
  readonly maxFiles: number
}

/** What there is to say to the writer. */
export function ComposerFoot({ note, draft, uploads, excess, maxFiles }: ComposerFootProps): ReactNode {
  const { texts } = useChatUi()
  const problem =
    excess > 0
      ? texts.tooLong(excess)
      : uploads.isFull
        ? texts.tooManyFiles(maxFiles)
        : note?.isProblem
          ? note.text
          : draft.error?.message
  const text = problem ?? note?.text ?? (uploads.isBusy ? texts.waitForFiles : '')
  return (
    <p className="parley-note" role="status" data-problem={problem !== undefined || undefined} dir="auto">
      {text}
    </p>
  )
}
