import { Button } from '@mantine/core'
import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { Empty, PagedList, usePages } from '@parley/look'
import { useDraftPlaces } from '@parley/react'
import { useEffect, useRef } from 'react'
import { hrefOf } from '../../address/place.ts'
import { useDesk } from '../../shell/desk.ts'
import { Page } from '../../shell/page/page.tsx'
import { WrittenCard } from './written-card.tsx'

type Draft = OutputOfCommand<BuiltIn, 'chat.drafts'>['drafts'][number]

/** What the reader is writing, everywhere. */
export function DraftsPage() {
  const { client, announcements } = useDesk()
  const places = useDraftPlaces()
  const pages = usePages<Draft>('drafts', async () => ({ items: (await client.chat.drafts({})).drafts }))
  const { reload, change } = pages

  const seen = useRef(places)
  useEffect(() => {
    if (seen.current !== places) reload()
    seen.current = places
  }, [places, reload])

  const drop = async (draft: Draft) => {
    const { channel, thread } = draft
    const isDone = await announcements.about(
      client.chat.saveDraft({ channel, text: '', ...(thread === undefined ? {} : { thread }) }),
      { failed: 'The draft was not dropped.' },
    )
    if (isDone) change((drafts) => drafts.filter((other) => keyOf(other) !== keyOf(draft)))
  }

  return (
    <Page
      title="Drafts"
      lead="What you are writing. It follows you to your other devices."
      back={{ page: 'you' }}
    >
      <PagedList
        pages={pages}
        label="Drafts"
        shape="rows"
        keyOf={keyOf}
        empty={<Empty text="No drafts. What you write and do not send is kept here." />}
      >
        {(draft) => (
          <WrittenCard
            {...draft}
            time={draft.at}
            actions={
              <>
                <Button
                  component="a"
                  variant="subtle"
                  size="compact-sm"
                  href={hrefOf({
                    page: 'conversation',
                    channel: draft.channel,
                    ...(draft.thread === undefined ? {} : { thread: draft.thread }),
                  })}
                >
                  Go on writing
                </Button>
                <Button variant="subtle" color="quiet" size="compact-sm" onClick={() => drop(draft)}>
                  Drop
                </Button>
              </>
            }
          />
        )}
      </PagedList>
    </Page>
  )
}

function keyOf({ channel, thread }: Pick<Draft, 'channel' | 'thread'>): string {
  return `${channel}/${thread ?? ''}`
}
