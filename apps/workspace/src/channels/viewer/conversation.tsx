import { Button } from '@mantine/core'
import { Empty, Failure, Skeleton } from '@parley/look'
import { useChannel, useRealtime } from '@parley/react'
import { type ReactNode, useCallback, useEffect, useMemo } from 'react'
import { useDesk } from '../../shell/desk.ts'
import type { ChannelKind } from '../kinds.ts'
import { peopleOf } from '../people/people.ts'
import { Composer } from './composer.tsx'
import type { MessageData } from './content.ts'
import styles from './conversation.module.css'
import { ConversationHeader } from './conversation-header.tsx'
import { ConversationPanel } from './conversation-panel.tsx'
import { MessageList } from './message-list.tsx'
import { useDraft } from './use-draft.ts'

interface ConversationProps {
  readonly channel: string
  /** Undefined while the kinds are unknown, and for a channel of none of them. */
  readonly kind: ChannelKind | undefined
  readonly isPanelOpen: boolean
  readonly onTogglePanel: () => void
  readonly onBack: () => void
  readonly onRemove: () => void
  /** Subscribes anew after a refusal. */
  readonly onStartOver: () => void
}

/** A channel: its messages, who is here, and a place to write. */
export function Conversation(props: ConversationProps) {
  const { channel, kind, isPanelOpen, onTogglePanel } = props
  const { me, names, waiting, tab } = useDesk()
  const { connectionStatus } = useRealtime()
  const view = useChannel(channel)
  const { presence, publish, retry, status, error } = view
  const isLive = connectionStatus === 'connected'
  const isRefused = status === 'unsubscribed' && error !== undefined
  const people = useMemo(() => peopleOf(presence, me), [presence, me])
  const [draft, setDraft] = useDraft(tab, channel)

  useEffect(() => names.learn(people), [names, people])

  const send = (text: string) => {
    const data: MessageData = { text }
    const sent = publish(data)
    waiting.track?.(sent)
  }
  const sendAgain = useCallback(
    (id: string) => {
      const sent = retry(id)
      waiting.track?.(sent)
    },
    [waiting, retry],
  )

  return (
    <>
      <section className={styles.conversation} data-part="messages" aria-label={`Channel ${channel}`}>
        <ConversationHeader
          channel={channel}
          kind={kind}
          people={people}
          isPanelOpen={isPanelOpen}
          onTogglePanel={onTogglePanel}
          onBack={props.onBack}
        />
        <Content {...props} view={view}>
          <MessageList channel={channel} view={view} onRetry={sendAgain} />
        </Content>
        {kind?.writable === false && <p className={styles.readOnly}>Only back ends write here.</p>}
        {kind?.writable !== false && !isRefused && (
          <Composer
            channel={channel}
            draft={draft}
            onDraft={setDraft}
            onSend={send}
            maxBytes={kind?.maxEventBytes ?? Number.POSITIVE_INFINITY}
            isWaiting={!isLive}
          />
        )}
      </section>
      <ConversationPanel
        channel={channel}
        kind={kind}
        people={people}
        isLive={isLive}
        isOpen={isPanelOpen}
        onClose={onTogglePanel}
        onRemove={props.onRemove}
      />
    </>
  )
}

interface ContentProps extends ConversationProps {
  readonly view: ReturnType<typeof useChannel>
  readonly children: ReactNode
}

/** The messages, or what there is to say instead. */
function Content({ channel, view, onStartOver, onRemove, children }: ContentProps) {
  const { status, error, events, outgoing, hasOlder } = view
  if (status === 'unsubscribed' && error !== undefined)
    return (
      <Failure title={`${channel} cannot be opened`} message={error.message} onRetry={onStartOver}>
        <Button variant="default" onClick={onRemove}>
          Remove from my list
        </Button>
      </Failure>
    )
  if (events.length + outgoing.length > 0 || hasOlder) return children
  if (status !== 'subscribed')
    return (
      <div className={styles.waiting}>
        <Skeleton label={`Opening ${channel}`} shape="messages" />
      </div>
    )
  return <Empty text="Nothing has been said here yet. Write the first message." />
}
