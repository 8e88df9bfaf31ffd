import type { ReactNode } from 'react'
import type { Inspection } from './inspector.ts'
import { styles } from './styles.ts'

interface TabProps {
  readonly inspection: Inspection
}

const clock = (at: number) => new Date(at).toTimeString().slice(0, 8)

/** The connection, and what is subscribed. */
export function StateTab({ inspection: { connection, url, channels } }: TabProps): ReactNode {
  const { status, online, session, user, error } = connection
  const facts = [
    ['Status', status],
    ['Network', online ? 'there' : 'none'],
    ['Server', url],
    ['User', user],
    ['Session', session],
    ['Error', error === undefined ? undefined : `${error.code}: ${error.message}`],
  ] as const
  return (
    <>
      <dl style={styles.facts}>
        {facts.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name} style={styles.fact}>
              <dt style={styles.name}>{name}</dt>
              <dd style={styles.value}>{value}</dd>
            </div>
          ),
        )}
      </dl>
      <table style={styles.table}>
        <caption style={styles.caption}>Subscriptions</caption>
        <thead>
          <tr>
            <th style={styles.head}>Channel</th>
            <th style={styles.head}>Status</th>
            <th style={styles.head}>Offset</th>
          </tr>
        </thead>
        <tbody>
          {channels.map(({ channel, status: state, offset }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a channel may be subscribed twice
            <tr key={`${channel} ${index}`}>
              <td style={styles.cell}>{channel}</td>
              <td style={styles.cell}>{state}</td>
              <td style={styles.cell}>{offset ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {channels.length === 0 && <p style={styles.quiet}>Nothing is subscribed.</p>}
    </>
  )
}

/** What went over the wire. */
export function FramesTab({
  inspection: { frames },
  onClear,
}: TabProps & { readonly onClear: () => void }): ReactNode {
  if (frames.length === 0) return <p style={styles.quiet}>Nothing has gone over the wire.</p>
  return (
    <>
      <button type="button" style={styles.action} onClick={onClear}>
        Clear
      </button>
      <ol style={styles.list}>
        {frames.map(({ key, at, direction, text }) => (
          <li key={key} style={styles.line}>
            {clock(at)}{' '}
            <span role="img" aria-label={direction === 'in' ? 'received' : 'sent'}>
              {direction === 'in' ? '↓' : '↑'}
            </span>{' '}
            {text}
          </li>
        ))}
      </ol>
    </>
  )
}

/** Calls without an answer first, then what became of the last ones. */
export function CallsTab({ inspection: { calls } }: TabProps): ReactNode {
  if (calls.length === 0) return <p style={styles.quiet}>Nothing was called.</p>
  return (
    <ol style={styles.list}>
      {calls.map(({ key, at, command, state, elapsedMs, code }) => (
        <li key={key} style={styles.line}>
          {clock(at)} <strong>{command}</strong>{' '}
          {state === 'waiting'
            ? 'waiting'
            : `${state === 'failed' ? code : 'answered'} after ${elapsedMs} ms`}
        </li>
      ))}
    </ol>
  )
}
