'use client'

import { type ReactNode, type Ref, useRef } from 'react'
import type { Attachment, ChatMessage, SlashCommand } from '../../chat/message.ts'
import { useChatUi } from '../chat-ui.tsx'
import { classNames } from '../class-names.ts'
import { Icon } from '../icons.tsx'
import { AddedFiles } from './added-files.tsx'
import { ComposerFoot, ComposerHead } from './composer-edges.tsx'
import { Suggestions } from './suggestions.tsx'
import { defaultMaxFiles, useField } from './use-field.ts'

/** Sends a file and answers with what a message needs of it. Aborted when the user takes the file out. */
export type Upload = (
  file: File,
  options: { readonly onProgress: (fraction: number) => void; readonly signal: AbortSignal },
) => Promise<Attachment>

/** Somebody who can be mentioned. */
export interface Mentionable {
  readonly user: string
  readonly name?: string | undefined
}

/** For the application around a composer. */
export interface ComposerHandle {
  focus(): void
  /** Puts text where the caret is. */
  insert(text: string): void
  /** Adds files as if they had been dropped here. */
  addFiles(files: Iterable<File>): void
}

export interface ComposerProps {
  readonly channel: string
  readonly thread?: number | undefined
  readonly placeholder?: string | undefined
  readonly label?: string | undefined
  /** The message that is answered; shown above the field. Default: what the `MessageList` beside it began. */
  readonly replyTo?: ChatMessage | undefined
  /** The message that is edited instead of writing a new one. Default: what the `MessageList` beside it began. */
  readonly editing?: ChatMessage | undefined
  /** The reply or the edit is over: sent or given up. */
  readonly onDone?: (() => void) | undefined
  /** ArrowUp in an empty field: the user wants to edit their last message. Default: it is edited here. */
  readonly onEditLast?: ((message: ChatMessage) => void) | undefined
  /** Without it, files are not taken. */
  readonly upload?: Upload | undefined
  /** Files at most; default 10. */
  readonly maxFiles?: number | undefined
  /** Who can be mentioned; default: the members of the conversation that are loaded. */
  readonly mentionable?:
    | ((query: string) => readonly Mentionable[] | Promise<readonly Mentionable[]>)
    | undefined
  /** Emoji by name; default: a few dozen common ones. */
  readonly emoji?: Readonly<Record<string, string>> | undefined
  /** Slash commands; default: those that the server names. */
  readonly commands?: readonly SlashCommand[] | undefined
  /** What a slash command answered for the user alone; default: shown under the field. */
  readonly onAnswer?: ((text: string) => void) | undefined
  readonly onSent?: ((seq: number) => void) | undefined
  /** Why nothing can be written; shown instead of the field. */
  readonly closed?: string | undefined
  /** Beside the send button. */
  readonly renderExtra?: (() => ReactNode) | undefined
  readonly className?: string | undefined
  readonly ref?: Ref<ComposerHandle> | undefined
}

/**
 * Writes messages: Enter sends, Shift + Enter begins a new line. Keeps a draft on all devices and tells others that one
 * is writing.
 */
export function Composer(props: ComposerProps): ReactNode {
  const { channel, thread, closed, className } = props
  if (closed !== undefined) return <p className={classNames('parley-closed', className)}>{closed}</p>
  return <Field key={`${channel} ${thread ?? ''}`} {...props} />
}

function Field(props: ComposerProps): ReactNode {
  const { channel, thread, maxFiles = defaultMaxFiles, className, placeholder, label, renderExtra } = props
  const { texts } = useChatUi()
  const { field, composing, caret, completion, uploads, files, excess, canSend, send, change, onKeyDown } =
    useField(props)
  const { text, editing, replyTo, typing, draft, note, done } = composing
  const isOpen = completion.suggestions.length > 0
  return (
    <div
      className={classNames('parley-composer', className)}
      data-dropping={files.isDropping || undefined}
      {...files.handlers}
    >
      <ComposerHead replyTo={replyTo} editing={editing} onCancel={done} />
      <Suggestions completion={completion} />
      <AddedFiles uploads={uploads} />
      <div className="parley-field">
        {files.isTaken && <FileButton onFiles={uploads.add} />}
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          value={text}
          aria-label={label ?? texts.messageTo}
          placeholder={placeholder ?? texts.writeMessage}
          enterKeyHint="send"
          aria-autocomplete="list"
          aria-controls={isOpen ? completion.id : undefined}
          aria-activedescendant={isOpen ? `${completion.id}-${completion.selected}` : undefined}
          data-channel={channel}
          data-thread={thread}
          onChange={({ currentTarget }) => change(currentTarget.value, currentTarget.selectionStart)}
          onSelect={({ currentTarget }) => caret.moved(currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
          onBlur={() => {
            typing.stop()
            draft.save()
            completion.close()
          }}
        />
        {renderExtra?.()}
        <SendButton label={editing === undefined ? texts.send : texts.save} canSend={canSend} onSend={send} />
      </div>
      <ComposerFoot {...{ note, draft, uploads, excess, maxFiles }} />
    </div>
  )
}

function FileButton({ onFiles }: { readonly onFiles: (files: Iterable<File>) => void }): ReactNode {
  const { texts } = useChatUi()
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={({ currentTarget }) => {
          onFiles(currentTarget.files ?? [])
          currentTarget.value = ''
        }}
      />
      <button
        type="button"
        className="parley-action"
        aria-label={texts.addFiles}
        onClick={() => input.current?.click()}
      >
        <Icon name="attach" />
      </button>
    </>
  )
}

interface SendButtonProps {
  readonly label: string
  readonly canSend: boolean
  readonly onSend: () => void
}

function SendButton({ label, canSend, onSend }: SendButtonProps): ReactNode {
  return (
    <button type="button" className="parley-send" aria-label={label} disabled={!canSend} onClick={onSend}>
      <Icon name="send" />
    </button>
  )
}
