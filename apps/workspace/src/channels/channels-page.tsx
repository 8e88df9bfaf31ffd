import { Empty } from '@parley/look'
import { useClient } from '@parley/react'
import { Activity, lazy, Suspense, useEffect, useState } from 'react'
import { partsOf } from '../address/place.ts'
import { goTo, replaceWith } from '../address/use-place.ts'
import { useDesk } from '../shell/desk.ts'
import { ChannelDeskProvider, createChannelDesk } from './channel-desk.ts'
import { ChannelList } from './channel-list.tsx'
import styles from './channels-page.module.css'
import { useKinds } from './kinds.ts'
import { useFollowing } from './use-following.ts'
import { useOpened } from './use-opened.ts'
import { usePeoplePanel } from './use-people-panel.ts'
import { Conversation } from './viewer/conversation.tsx'

const NewChannel = lazy(async () => ({ default: (await import('./new-channel.tsx')).NewChannel }))

const first = 'chat:general'

/** The developer's view: any channel of the configured kinds as it is, with what back ends publish to it. */
export function ChannelsPage({ channel: open }: { readonly channel: string | undefined }) {
  const client = useClient()
  const { device } = useDesk()
  const [desk] = useState(() => createChannelDesk(client, device))
  const kinds = useKinds()
  const [isMaking, setMaking] = useState(false)
  const panel = usePeoplePanel(open)
  const { opened, attempts, startOver, forget } = useOpened(open)
  const close = () => setMaking(false)

  useFollowing(desk, open)
  useFirstChannel(desk.book, kinds.kinds)

  const show = (channel: string) => {
    desk.book.add(channel)
    goTo({ page: 'channels', channel })
    setMaking(false)
  }
  const remove = (channel: string) => {
    desk.book.remove(channel)
    forget(channel)
    replaceWith({ page: 'channels' })
  }

  return (
    <ChannelDeskProvider value={desk}>
      <div className={styles.parts} data-view={open === undefined ? 'channels' : panel.view}>
        <ChannelList kinds={kinds} open={open} onOpen={show} onNew={() => setMaking(true)} />
        {opened.map((channel) => (
          <Activity key={channel} mode={channel === open ? 'visible' : 'hidden'}>
            <Conversation
              key={attempts.get(channel)}
              channel={channel}
              kind={kinds.kinds?.find(({ name }) => name === partsOf(channel).kind)}
              isPanelOpen={panel.isOpen}
              onTogglePanel={panel.toggle}
              onBack={() => goTo({ page: 'channels' })}
              onRemove={() => remove(channel)}
              onStartOver={() => startOver(channel)}
            />
          </Activity>
        ))}
        {open === undefined && (
          <section className={styles.nothing} data-part="messages" aria-label="Messages">
            <Empty text="Choose a channel from the list, or make a new one." />
          </section>
        )}
      </div>
      {kinds.kinds && (
        <Suspense>
          {isMaking && <NewChannel kinds={kinds.kinds} isOpen onClose={close} onMake={show} />}
        </Suspense>
      )}
    </ChannelDeskProvider>
  )
}

/** Somebody who is here for the first time finds the channel of the first example. */
function useFirstChannel(
  book: ReturnType<typeof createChannelDesk>['book'],
  kinds: ReturnType<typeof useKinds>['kinds'],
): void {
  useEffect(() => {
    const isOffered = kinds?.some(({ name, writable }) => name === partsOf(first).kind && writable)
    if (book.list().length === 0 && isOffered === true) book.add(first)
  }, [book, kinds])
}
