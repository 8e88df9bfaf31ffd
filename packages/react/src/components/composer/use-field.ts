import {
  type ClipboardEvent,
  type DragEvent,
  type KeyboardEvent,
  type RefObject,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import type { ComposerProps } from './composer.tsx'
import { useCommands, useCompletion } from './use-completion.ts'
import { useComposing } from './use-composing.ts'
import { type Uploads, useUploads } from './use-uploads.ts'

/** Characters of a message at most. */
const maxLength = 20_000
export const defaultMaxFiles = 10

/** The field of a composer: what is in it, and what its keys do. */
export function useField(props: ComposerProps) {
  const { maxFiles = defaultMaxFiles, ref } = props
  const field = useRef<HTMLTextAreaElement>(null)
  const composing = useComposing(props)
  const { text, editing, replyTo, write, done } = composing
  const uploads = useUploads(props.upload, maxFiles)
  const commands = useCommands(props, text.startsWith('/'))
  const caret = useCaret(field, text)
  const change = (words: string, at: number): void => {
    caret.moveTo(at)
    write(words)
  }
  const completion = useCompletion({ ...props, commands }, { text, caret: caret.at, change })
  const takesFiles = props.upload !== undefined && editing === undefined
  const files = useFiles(uploads, takesFiles, composing.typing.keystroke)

  const words = text.trim()
  const excess = words.length - maxLength
  const isEmpty = words === '' && (editing !== undefined || uploads.files.length === 0)
  const canSend = excess <= 0 && !isEmpty && (editing !== undefined || !uploads.isBusy)
  const send = (): void => {
    if (!canSend) return
    if (editing !== undefined) composing.saveEdit(editing)
    else {
      const attachments = uploads.files.flatMap(({ attachment }) => attachment ?? [])
      composing.send({ text: words, attachments, commands })
      uploads.clear()
    }
    field.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    // While letters are being composed (Japanese, Chinese, Korean), keys choose among them.
    if (completion.onKeyDown(event) || event.nativeEvent.isComposing) return
    if (event.key === 'Enter' && !event.shiftKey) send()
    // With Alt it is a key of the application.
    else if (event.key === 'ArrowUp' && !event.altKey && text === '' && editing === undefined)
      composing.editLast()
    else if (event.key === 'Escape' && (editing ?? replyTo) !== undefined) done()
    else return
    event.preventDefault()
  }

  useImperativeHandle(ref, () => ({
    focus: () => field.current?.focus(),
    insert: (more) => change(text.slice(0, caret.at) + more + text.slice(caret.at), caret.at + more.length),
    addFiles: uploads.add,
  }))
  // Whoever begins to edit or to answer goes on writing.
  const about = editing?.key ?? replyTo?.key
  useEffect(() => {
    if (about !== undefined) field.current?.focus()
  }, [about])
  return { field, composing, caret, completion, uploads, files, excess, canSend, send, change, onKeyDown }
}

/** Where the caret stands, and where it is to stand after the text has changed. */
function useCaret(field: RefObject<HTMLTextAreaElement | null>, text: string) {
  const [at, setAt] = useState(0)
  const wanted = useRef<number>(undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the field grows and the caret moves when the text changes.
  useLayoutEffect(() => {
    const { current } = field
    if (current === null) return
    current.style.blockSize = 'auto'
    current.style.blockSize = `${current.scrollHeight}px`
    if (
      wanted.current !== undefined &&
      document.activeElement === current &&
      current.selectionStart !== wanted.current
    )
      current.setSelectionRange(wanted.current, wanted.current)
    wanted.current = undefined
  }, [field, text])
  return {
    at: Math.min(at, text.length),
    moved: setAt,
    moveTo(next: number) {
      wanted.current = next
      setAt(next)
    },
  }
}

/** Files that are dropped or pasted. */
function useFiles(uploads: Uploads, isTaken: boolean, told: (activity: 'uploading') => void) {
  const [isDropping, setDropping] = useState(false)
  const take = (event: DragEvent | ClipboardEvent, data: DataTransfer): void => {
    if (!isTaken || data.files.length === 0) return
    event.preventDefault()
    told('uploading')
    uploads.add(data.files)
  }
  const handlers = {
    onDragOver(event: DragEvent) {
      if (!isTaken || !event.dataTransfer.types.includes('Files')) return
      event.preventDefault()
      setDropping(true)
    },
    onDragLeave(event: DragEvent) {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDropping(false)
    },
    onDrop(event: DragEvent) {
      setDropping(false)
      take(event, event.dataTransfer)
    },
    onPaste(event: ClipboardEvent) {
      take(event, event.clipboardData)
    },
  }
  return { isDropping, isTaken, handlers }
}
