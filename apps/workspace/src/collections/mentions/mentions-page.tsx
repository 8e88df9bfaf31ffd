import { Empty, PagedList, usePages } from '@parley/look'
import { type Message, useUnread } from '@parley/react'
import { useEffect, useRef } from 'react'
import { useDesk } from '../../shell/desk.ts'
import { Page } from '../../shell/page/page.tsx'
import { MessageCard } from '../message-card/message-card.tsx'

/** Messages that mention the reader, newest first. */
export function MentionsPage() {
  const { client, me } = useDesk()
  const { mentions } = useUnread()
  const pages = usePages<Message>('mentions', async (after) => {
    const { messages, next } = await client.chat.mentions({ ...(after === undefined ? {} : { after }) })
    return { items: messages, next }
  })
  const { reload } = pages

  const seen = useRef(mentions)
  useEffect(() => {
    if (mentions > seen.current) reload()
    seen.current = mentions
  }, [mentions, reload])

  return (
    <Page title="Mentions">
      <PagedList
        pages={pages}
        label="Mentions"
        shape="messages"
        keyOf={({ channel, seq }) => `${channel}/${seq}`}
        empty={<Empty text={`Nobody has mentioned you yet. Others do it by writing @${me}.`} />}
      >
        {(message) => <MessageCard message={message} />}
      </PagedList>
    </Page>
  )
}
