import { Button } from '@mantine/core'
import type { BuiltIn, EventMap } from '@parley/client'
import { Icon, Scrollable } from '@parley/look'
import { useClient } from '@parley/react'
import { useEffect, useRef, useState } from 'react'
import { clockWords, durationWords } from '../data/words.ts'
import { Part } from '../page/facts.tsx'
import styles from './frames.module.css'

type Recorded = EventMap<BuiltIn>['operations.connection_recorded']
type Entry = Recorded['records'][number]

const maxShown = 300

interface FramesProps {
  readonly session: string
  readonly onRoundTrip: (ms: number) => void
}

/** What goes over a connection, from when one looks. */
export function Frames({ session, onRoundTrip }: FramesProps) {
  const client = useClient()
  const [entries, setEntries] = useState<readonly (Entry & { readonly key: number })[]>([])
  const [skipped, setSkipped] = useState(0)
  const [isPaused, setPaused] = useState(false)
  const [problem, setProblem] = useState<string>()
  const count = useRef(0)
  useEffect(() => {
    if (isPaused) return
    const subscription = client.subscribe(`operations:connection:${session}`, {
      onEvent: ({ data }) => {
        const { records, skipped: left } = data as Recorded
        for (const record of records) if (record.what === 'round_trip') onRoundTrip(record.ms)
        const numbered = records.map((record) => ({ ...record, key: ++count.current }))
        setEntries((before) => [...before, ...numbered].slice(-maxShown))
        if (left > 0) setSkipped((before) => before + left)
      },
      onError: ({ message }) => setProblem(message),
    })
    return () => subscription.unsubscribe()
  }, [client, session, isPaused, onRoundTrip])
  return (
    <Part
      title="Frames"
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
      {entries.length === 0 ? (
        <p className={styles.quiet}>
          {problem ?? 'Nothing has gone over it since you look. Frames are recorded from now on.'}
        </p>
      ) : (
        <Scrollable className={styles.frames} role="log" aria-label="Frames">
          {[...entries].reverse().map((entry) => (
            <Line key={entry.key} entry={entry} />
          ))}
        </Scrollable>
      )}
      {skipped > 0 && <p className={styles.quiet}>{skipped} more came too fast to be shown.</p>}
    </Part>
  )
}

function Line({ entry }: { readonly entry: Entry }) {
  const [sign, meaning] = signs[entry.what === 'frame' ? entry.direction : entry.what]
  return (
    <p className={styles.line} data-what={entry.what}>
      <time dateTime={new Date(entry.at).toISOString()}>{clockWords(entry.at)}</time>
      <span className={styles.sign} role="img" aria-label={meaning} title={meaning}>
        {sign}
      </span>
      <code title={entry.what === 'frame' ? entry.text : undefined}>{wordsOf(entry)}</code>
    </p>
  )
}

const signs = {
  in: ['→', 'from the client'],
  out: ['←', 'to the client'],
  round_trip: ['↔', 'there and back'],
  opened: ['●', 'connected'],
  closed: ['▲', 'closed'],
} as const

function wordsOf(entry: Entry): string {
  if (entry.what === 'frame') return entry.text
  if (entry.what === 'round_trip') return `there and back in ${durationWords(entry.ms)}`
  if (entry.what === 'opened') return 'a new connection'
  return `closed with ${entry.code}: ${entry.reason}`
}
