import {
  ChatUiProvider,
  Composer,
  ConnectionStatus,
  MessageList,
  PresenceAvatars,
  RealtimeProvider,
  Thread,
  TypingIndicator,
  UnreadBadge,
  useConversation,
  useConversations,
} from '@parley/react'
import { useState } from 'react'
import '@parley/react/styles.css'

const names: Readonly<Record<string, string>> = { ada: 'Ada Lovelace', grace: 'Grace Hopper' }
const userOf = (id: string) => ({ name: names[id] ?? id })

/** A whole chat: conversations on the left, the open one beside them, a thread beside that. */
export function App({ getToken }: { readonly getToken: () => Promise<string> }) {
  return (
    <RealtimeProvider url="/ws" getToken={getToken}>
      <ChatUiProvider user={userOf}>
        <ConnectionStatus />
        <Chat />
      </ChatUiProvider>
    </RealtimeProvider>
  )
}

function Chat() {
  const [channel, setChannel] = useState('conversation:general')
  const [thread, setThread] = useState<number>()
  const { conversation } = useConversation(channel)
  const open = (next: string) => {
    setChannel(next)
    setThread(undefined)
  }
  return (
    <div className="chat">
      <Conversations onOpen={open} />
      <main>
        <h1>{conversation?.title}</h1>
        <PresenceAvatars whom={channel} />
        <MessageList channel={channel} onOpenThread={setThread} />
        <TypingIndicator channel={channel} />
        <Composer channel={channel} />
      </main>
      {thread !== undefined && <Thread channel={channel} seq={thread} onClose={() => setThread(undefined)} />}
    </div>
  )
}

function Conversations({ onOpen }: { readonly onOpen: (channel: string) => void }) {
  const { conversations } = useConversations()
  return (
    <nav aria-label="Conversations">
      {conversations.map(({ channel, title, with: others = [] }) => (
        <button key={channel} type="button" onClick={() => onOpen(channel)}>
          {title || others.map((user) => userOf(user).name).join(', ')} <UnreadBadge channel={channel} />
        </button>
      ))}
    </nav>
  )
}
