import { Button } from '@mantine/core'
import type { ChannelEvent, ParleyError } from '@parley/client'
import { Icon, Sentence } from '@parley/look'
import { useClient } from '@parley/react'
import { useEffect, useState } from 'react'
import { Part } from '../page/facts.tsx'
import styles from './channels.module.css'
import { EventLines } from './event-lines.tsx'

const maxShown = 200
/** Events of before that the tail begins with. */
const recent = 5

/** Events as they come. Leaves no trace in the channel's presence. */
export function LiveTail({ channel }: { readonly channel: string }) {
  const client = useClient()
  const [events, setEvents] = useState<readonly ChannelEvent[]>([])
  const [problem, setProblem] = useState<string>()
  const [dropped, setDropped] = useState(0)
  const [isPaused, setPaused] = useState(false)
  useEffect(() => {
    if (isPaused) return
    setProblem(undefined)
    const refused = ({ message }: Pick<ParleyError, 'message'>) => setProblem(message)
    const subscription = client.subscribe(channel, {
      recent,
      silent: true,
      onEvent: (event) =>
        setEvents((before) =>
          before.some(({ offset }) => offset === event.offset)
            ? before
            : [event, ...before].slice(0, maxShown),
        ),
      onDropped: ({ from, to }) => setDropped((before) => before + to - from),
      onError: refused,
      onUnsubscribed: refused,
    })
    return () => subscription.unsubscribe()
  }, [client, channel, isPaused])
  return (
    <Part
      title="Live tail"
      action={
        <Button
          variant="subtle"
          color="quiet"
          size="compact-sm"
          leftSection={<Icon name={isPaused ? 'play' : 'pause'} size={14} />}
          onClick={() => setPaused(!isPaused)}
        >
          {isPaused ? 'Go on' : 'Pause'}
        </Button>
      }
    >
      {problem !== undefined && (
        <p role="alert" className={styles.problem}>
          <Sentence text={problem} />
        </p>
      )}
      {events.length > 0 ? (
        <EventLines events={events} label="Events as they come" isLive />
      ) : (
        problem === undefined && <p className={styles.quiet}>No event has come yet.</p>
      )}
      {dropped > 0 && (
        <p className={styles.quiet}>{dropped} events came too fast and were left out by the server.</p>
      )}
    </Part>
  )
}
