import { useMemo, useState } from 'react'
import { composingView, plainComposing } from '../../chat/composing-view.ts'
import { conversationView } from '../../chat/conversation/conversation-view.ts'
import type { Attachment, ChatMessage, SlashCommand } from '../../chat/message.ts'
import { useDraft } from '../../chat/use-draft.ts'
import { useTyping } from '../../presence/use-typing.ts'
import { useViews } from '../../provider.tsx'
import { useSlice } from '../../views/use-slice.ts'
import { commandIn } from './completion.ts'
import type { ComposerProps } from './composer.tsx'

export interface Written {
  readonly text: string
  readonly attachments: readonly Attachment[]
  readonly commands: readonly SlashCommand[]
}

/** What the server said to a slash command, or why it did not run. */
export interface Note {
  readonly text: string
  readonly isProblem: boolean
}

/** What is being written, and what becomes of it. */
export function useComposing(props: ComposerProps) {
  const { channel, thread, onDone, onSent, onAnswer, onEditLast } = props
  const views = useViews()
  const draft = useDraft(channel, { thread })
  const typing = useTyping(channel, { thread })
  const composing = composingView(views, channel, thread)
  const shared = useSlice(composing, plainComposing)
  const replyTo = props.replyTo ?? shared.replyTo
  const editing = props.editing ?? shared.editing
  const [edit, setEdit] = useState<{ readonly key: string; readonly text: string }>()
  const [note, setNote] = useState<Note>()
  const { actions } = useMemo(() => conversationView(views, channel, thread), [views, channel, thread])
  const edited = editing === undefined ? undefined : edit?.key === editing.key ? edit.text : editing.text
  const text = edited ?? draft.text

  const write = (words: string): void => {
    setNote(undefined)
    if (editing !== undefined) return setEdit({ key: editing.key, text: words })
    draft.setText(words)
    if (words.trim() === '') typing.stop()
    else typing.keystroke()
  }
  const done = (): void => {
    setEdit(undefined)
    composing.begin({})
    onDone?.()
  }
  const run = async (name: string, args: string): Promise<void> => {
    const where = thread === undefined ? { channel } : { channel, thread }
    try {
      const answer = await views.client.chat.runCommand({ ...where, name, args })
      if (answer.text === undefined) return
      if (onAnswer === undefined) setNote({ text: answer.text, isProblem: false })
      else onAnswer(answer.text)
    } catch (error) {
      // What was written comes back, so that it can be mended.
      draft.setText(`/${name} ${args}`.trim())
      setNote({ text: (error as Error).message, isProblem: true })
    }
  }
  const saveEdit = (message: ChatMessage): void => {
    const words = text.trim()
    if (words !== '' && words !== message.text && message.seq !== undefined)
      void actions.edit(message.seq, words)
    done()
  }
  const send = ({ text: words, attachments, commands }: Written): void => {
    typing.stop()
    draft.clear()
    const slash = attachments.length === 0 ? commandIn(words) : undefined
    if (slash !== undefined && commands.some(({ name }) => name === slash.name))
      void run(slash.name, slash.args)
    else
      actions.send({ text: words, attachments, replyTo: replyTo?.seq }).then(
        (seq) => onSent?.(seq),
        // The message shows why.
        () => undefined,
      )
    done()
  }
  const editLast = (): void => {
    const { messages } = conversationView(views, channel, thread).snapshot
    const last = messages.findLast(({ isMine, seq, deleted }) => isMine && seq !== undefined && !deleted)
    if (last === undefined) return
    if (onEditLast === undefined) composing.begin({ editing: last })
    else onEditLast(last)
  }
  return { text, replyTo, editing, note, typing, draft, write, done, send, saveEdit, editLast }
}
