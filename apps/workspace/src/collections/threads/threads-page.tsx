import { Button } from '@mantine/core'
import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { Empty, PagedList, usePages } from '@parley/look'
import { useUnread } from '@parley/react'
import { useEffect, useRef } from 'react'
import { hrefOf } from '../../address/place.ts'
import { useDesk } from '../../shell/desk.ts'
import { Page } from '../../shell/page/page.tsx'
import { MessageCard } from '../message-card/message-card.tsx'
import styles from './threads-page.module.css'

type Thread = OutputOfCommand<BuiltIn, 'chat.threads'>['threads'][number]

/** Threads that the reader follows, newest reply first. */
export function ThreadsPage() {
  const { client, announcements } = useDesk()
  const { threads: waiting } = useUnread()
  const pages = usePages<Thread>('threads', async (after) => {
    const { threads, next } = await client.chat.threads({ ...(after === undefined ? {} : { after }) })
    return { items: threads, next }
  })
  const { reload, change } = pages

  // What waits has changed: there may be a reply, or a new thread.
  const seen = useRef(waiting)
  useEffect(() => {
    if (seen.current !== waiting) reload()
    seen.current = waiting
  }, [waiting, reload])

  const unfollow = async ({ root }: Thread) => {
    const { channel, seq } = root
    const isDone = await announcements.about(client.chat.follow({ channel, thread: seq, on: false }), {
      done: 'You hear no more of the thread until you write in it.',
      failed: 'You still follow the thread.',
    })
    if (isDone) change((threads) => threads.filter((other) => keyOf(other) !== keyOf({ root })))
  }

  return (
    <Page title="Threads">
      <PagedList
        pages={pages}
        label="Threads"
        shape="messages"
        keyOf={keyOf}
        empty={
          <Empty text="No threads yet. You follow a thread when you start it, write in it or are mentioned in it." />
        }
      >
        {(thread) => (
          <MessageCard
            message={thread.root}
            note={<Replies thread={thread} unread={waiting.get(keyOf(thread))?.unread ?? thread.unread} />}
            actions={
              <Button variant="subtle" color="quiet" size="compact-sm" onClick={() => unfollow(thread)}>
                Unfollow
              </Button>
            }
          />
        )}
      </PagedList>
    </Page>
  )
}

function keyOf({ root: { channel, seq } }: Pick<Thread, 'root'>): string {
  return `${channel}/${seq}`
}

function Replies({ thread: { root }, unread }: { readonly thread: Thread; readonly unread: number }) {
  const count = root.replies?.count ?? 0
  const { channel, seq } = root
  return (
    <a className={styles.replies} href={hrefOf({ page: 'conversation', channel, thread: seq })}>
      {count === 1 ? '1 reply' : `${count} replies`}
      {unread > 0 && <span className={styles.unread}>{unread} new</span>}
    </a>
  )
}
