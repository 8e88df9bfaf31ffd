import { ActionIcon, Tooltip } from '@mantine/core'
import { Icon } from '@parley/look'
import { useDraft } from '@parley/react'
import { useDesk } from '../../shell/desk.ts'

interface SendLaterProps {
  readonly channel: string
  readonly thread?: number
}

/** Beside the send button: what is written is sent at a time of one's choice. */
export function SendLater({ channel, thread }: SendLaterProps) {
  const { dialogs } = useDesk()
  const place = thread === undefined ? {} : { thread }
  const { text, clear } = useDraft(channel, place)
  const ask = () => dialogs.show({ kind: 'schedule', scheduling: { channel, ...place, text, onDone: clear } })
  return (
    <Tooltip label="Send later" withinPortal>
      <ActionIcon
        variant="subtle"
        color="quiet"
        size={32}
        aria-label="Send later"
        disabled={text.trim() === ''}
        onClick={ask}
      >
        <Icon name="clock" size={18} />
      </ActionIcon>
    </Tooltip>
  )
}
