import type { ChannelEvent } from '@parley/client'
import { Scrollable } from '@parley/look'
import { Ago } from '../table/ago.tsx'
import styles from './channels.module.css'

interface EventLinesProps {
  readonly events: readonly ChannelEvent[]
  readonly label: string
  /** Events come while one looks. */
  readonly isLive?: boolean
}

/** Events, the first above. */
export function EventLines({ events, label, isLive = false }: EventLinesProps) {
  return (
    <Scrollable className={styles.events} role={isLive ? 'log' : 'group'} aria-label={label}>
      {events.map((event) => (
        <EventLine key={`${event.offset}-${event.id}`} event={event} />
      ))}
    </Scrollable>
  )
}

function EventLine({ event: { offset, type, by, at, data, redacted } }: { readonly event: ChannelEvent }) {
  const text = JSON.stringify(data)
  return (
    <div className={styles.event}>
      <div className={styles.eventHead}>
        <span>{offset}</span>
        <strong>{type}</strong>
        <span>{by ?? 'back end'}</span>
        <Ago at={at} />
      </div>
      <code className={styles.data} title={text}>
        {redacted === true ? 'redacted: nothing is left of it' : text}
      </code>
    </div>
  )
}
