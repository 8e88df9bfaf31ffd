import { Button } from '@mantine/core'
import { Failure, Skeleton } from '@parley/look'
import { useConversation } from '@parley/react'
import { lazy, Suspense } from 'react'
import type { ConversationPlace, PanelName } from '../../address/place.ts'
import { goTo } from '../../address/use-place.ts'
import { JoinBar } from '../../conversations/joining/join-bar.tsx'
import { useNamesHere } from '../../presence/use-names-here.ts'
import { MessagePane } from '../messages/message-pane.tsx'
import { ConversationHeader } from './conversation-header.tsx'
import styles from './conversation-page.module.css'
import { useEntry } from './use-entry.ts'

const Details = lazy(async () => ({ default: (await import('../settings/details-panel.tsx')).DetailsPanel }))
const Members = lazy(async () => ({ default: (await import('../members/members-panel.tsx')).MembersPanel }))
const Pins = lazy(async () => ({ default: (await import('../pins/pins-panel.tsx')).PinsPanel }))
const Thread = lazy(async () => ({ default: (await import('../messages/thread-panel.tsx')).ThreadPanel }))

/** A conversation: what it is, its messages, and beside them what was asked for. */
export function ConversationPage({ place }: { readonly place: ConversationPlace }) {
  const { channel, message, thread } = place
  const { conversation, error } = useConversation(channel)
  const entry = useEntry(conversation)
  useNamesHere(channel)
  if (conversation === undefined || entry === undefined)
    return (
      <section className={styles.page} aria-label="Conversation">
        <div className={styles.waiting}>
          {error === undefined ? (
            <Skeleton label="Opening the conversation" shape="messages" />
          ) : (
            <Closed error={error} />
          )}
        </div>
      </section>
    )
  const show = (panel: PanelName | undefined) =>
    goTo({ page: 'conversation', channel, ...(panel === undefined ? {} : { panel }) })
  const close = () => show(undefined)
  return (
    <>
      <section className={styles.page} aria-label={entry.title}>
        <ConversationHeader entry={entry} panel={place.panel} onPanel={show} />
        <MessagePane
          conversation={conversation}
          title={entry.title}
          jumpTo={thread === undefined ? message : undefined}
          onOpenThread={(seq) => goTo({ page: 'conversation', channel, thread: seq })}
          foot={conversation.mine === undefined ? <JoinBar conversation={conversation} /> : undefined}
        />
      </section>
      <Suspense>
        {place.panel === 'details' && <Details entry={entry} onClose={close} />}
        {place.panel === 'members' && <Members entry={entry} onClose={close} />}
        {place.panel === 'pins' && <Pins conversation={conversation} onClose={close} />}
        {thread !== undefined && (
          <Thread conversation={conversation} thread={thread} jumpTo={message} onClose={close} />
        )}
      </Suspense>
    </>
  )
}

function Closed({ error }: { readonly error: Error }) {
  return (
    <Failure title="The conversation cannot be opened" message={error.message}>
      <Button variant="default" component="a" href="#rooms">
        Browse rooms
      </Button>
    </Failure>
  )
}
