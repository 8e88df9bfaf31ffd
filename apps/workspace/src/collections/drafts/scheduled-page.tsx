import { Button } from '@mantine/core'
import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { Empty, PagedList, usePages } from '@parley/look'
import { useEffect } from 'react'
import { useDesk } from '../../shell/desk.ts'
import { Page } from '../../shell/page/page.tsx'
import { WrittenCard } from './written-card.tsx'

type Scheduled = OutputOfCommand<BuiltIn, 'chat.scheduled'>['scheduled'][number]

/** Messages that wait for their time, soonest first; live on every device. */
export function ScheduledPage() {
  const { client, me, announcements, dialogs } = useDesk()
  const pages = usePages<Scheduled>('scheduled', async () => ({
    items: (await client.chat.scheduled({})).scheduled,
  }))
  const { reload, change } = pages

  useEffect(() => {
    const subscription = client.subscribe(`drafts:${me}`, {
      filter: { field: 'type', in: ['chat.scheduled', 'chat.unscheduled'] },
      onEvent: () => reload(),
    })
    return () => subscription.unsubscribe()
  }, [client, me, reload])

  const cancel = async ({ id }: Scheduled) => {
    const isDone = await announcements.about(client.chat.cancelScheduled({ id }), {
      done: 'The message will not be sent.',
      failed: 'The message is still scheduled.',
    })
    if (isDone) change((messages) => messages.filter((other) => other.id !== id))
  }
  const edit = ({ id, channel, text, dueAt }: Scheduled) =>
    dialogs.show({ kind: 'schedule', scheduling: { id, channel, text, dueAt, onDone: reload } })

  return (
    <Page
      title="Scheduled"
      lead="Messages that are sent at their time, also while you are away."
      back={{ page: 'you' }}
    >
      <PagedList
        pages={pages}
        label="Scheduled messages"
        shape="rows"
        keyOf={({ id }) => id}
        empty={
          <Empty text="Nothing is scheduled. Write a message and choose “Send later” beside the send button." />
        }
      >
        {(message) => (
          <WrittenCard
            {...message}
            time={message.dueAt}
            actions={
              <>
                <Button variant="subtle" size="compact-sm" onClick={() => edit(message)}>
                  Change
                </Button>
                <Button variant="subtle" color="quiet" size="compact-sm" onClick={() => cancel(message)}>
                  Cancel
                </Button>
              </>
            }
          />
        )}
      </PagedList>
    </Page>
  )
}
