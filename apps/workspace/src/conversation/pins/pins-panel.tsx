import { Button } from '@mantine/core'
import { Empty, PagedList, usePages } from '@parley/look'
import type { ConversationInfo, Message } from '@parley/react'
import { useEffect } from 'react'
import { MessageCard } from '../../collections/message-card/message-card.tsx'
import { useDesk } from '../../shell/desk.ts'
import { SidePanel } from '../../shell/page/side-panel.tsx'

interface PinsPanelProps {
  readonly conversation: ConversationInfo
  readonly onClose: () => void
}

/** Messages that were pinned, newest pin first; live. */
export function PinsPanel({ conversation, onClose }: PinsPanelProps) {
  const { client, announcements } = useDesk()
  const { channel } = conversation
  const pages = usePages<Message>(channel, async () => ({
    items: (await client.chat.pins({ channel })).messages,
  }))
  const { reload, change } = pages

  useEffect(() => {
    const subscription = client.subscribe(channel, {
      silent: true,
      filter: { field: 'type', in: ['chat.pinned', 'chat.deleted', 'chat.edited'] },
      onEvent: () => reload(),
    })
    return () => subscription.unsubscribe()
  }, [client, channel, reload])

  const unpin = async ({ seq }: Message) => {
    const isDone = await announcements.about(client.chat.pin({ channel, seq, on: false }), {
      failed: 'The pin was not taken out.',
    })
    if (isDone) change((items) => items.filter((other) => other.seq !== seq))
  }

  return (
    <SidePanel title="Pinned messages" onClose={onClose}>
      <PagedList
        pages={pages}
        label="Pinned messages"
        shape="messages"
        keyOf={({ seq }) => String(seq)}
        empty={<Empty text="Nothing is pinned here. Pin a message to keep it at hand for everybody." />}
      >
        {(message) => (
          <MessageCard
            message={message}
            isCompact
            actions={
              conversation.mine && (
                <Button variant="subtle" color="quiet" size="compact-sm" onClick={() => unpin(message)}>
                  Unpin
                </Button>
              )
            }
          />
        )}
      </PagedList>
    </SidePanel>
  )
}
