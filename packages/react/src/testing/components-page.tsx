import { type ReactNode, StrictMode, useEffect, useRef, useState } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import {
  ChatUiProvider,
  Composer,
  type ComposerProps,
  ConnectionStatus,
  MessageList,
  type MessageListHandle,
  type MessageListProps,
  PresenceAvatars,
  RealtimeProvider,
  Thread,
  TypingIndicator,
  UnreadBadge,
  useMessages,
  useUnread,
} from '../index.ts'
import { ChatHouse } from './chat-house.ts'

/** Everything that a browser test needs of the page: the server, and what is shown. */
const house = new ChatHouse()
const channel = 'conversation:a'
const renders: Record<string, number> = {}
const uploads: {
  readonly name: string
  done(): void
  fail(message: string): void
  progress(to: number): void
}[] = []
let root: Root | undefined
let list: MessageListHandle | null = null

const names: Readonly<Record<string, string>> = { ada: 'Ada Lovelace', bob: 'Bob', eve: 'Eve' }
const userOf = (id: string) => ({ name: names[id] ?? id })

const upload: NonNullable<ComposerProps['upload']> = (file, { onProgress, signal }) =>
  new Promise((resolve, reject) => {
    const { name, type, size } = file
    signal.addEventListener('abort', () => reject(new Error('Given up.')))
    uploads.push({
      name,
      done: () => resolve({ file: `f-${name}`, name, type, size }),
      fail: (message) => reject(new Error(message)),
      progress: onProgress,
    })
  })

function Chat(props: {
  readonly list: Partial<MessageListProps>
  readonly composer: Partial<ComposerProps>
}): ReactNode {
  const handle = useRef<MessageListHandle>(null)
  const [thread, setThread] = useState<number>()
  useEffect(() => {
    list = handle.current
  })
  return (
    <div id="chat">
      <header>
        <h1>Room</h1>
        <PresenceAvatars whom={channel} />
        <UnreadBadge channel={channel} />
      </header>
      <ConnectionStatus afterMs={0} />
      <MessageList ref={handle} channel={channel} onOpenThread={setThread} {...props.list} />
      <TypingIndicator channel={channel} />
      <Composer channel={channel} upload={upload} {...props.composer} />
      {thread !== undefined && <Thread channel={channel} seq={thread} onClose={() => setThread(undefined)} />}
    </div>
  )
}

/** Counts how often each reader renders: each reads something else. */
function Readers(): ReactNode {
  return (
    <>
      <Count />
      <Status />
      <Badge />
    </>
  )
}

function counted(name: string): void {
  renders[name] = (renders[name] ?? 0) + 1
}
function Count(): ReactNode {
  const { messages } = useMessages(channel)
  useEffect(() => counted('count'))
  return <p id="count">{messages.length}</p>
}
function Status(): ReactNode {
  const { status, hasOlder } = useMessages(channel)
  useEffect(() => counted('status'))
  return <p id="status">{`${status} ${hasOlder}`}</p>
}
function Badge(): ReactNode {
  const { unread } = useUnread('conversation:b')
  useEffect(() => counted('badge'))
  return <p id="badge">{unread}</p>
}

function show(user: string, content: ReactNode): void {
  root?.unmount()
  root = createRoot(document.body.appendChild(document.createElement('main')))
  root.render(
    <StrictMode>
      <RealtimeProvider client={house.client(user)}>
        <ChatUiProvider user={userOf} locale="en-GB">
          {content}
        </ChatUiProvider>
      </RealtimeProvider>
    </StrictMode>,
  )
}

Object.assign(window, {
  house,
  renders,
  uploads,
  chat: (user: string, props: { list?: Partial<MessageListProps>; composer?: Partial<ComposerProps> } = {}) =>
    show(user, <Chat list={props.list ?? {}} composer={props.composer ?? {}} />),
  readers: (user: string) => show(user, <Readers />),
  list: () => list,
  leave: () => {
    root?.unmount()
    root = undefined
  },
})
