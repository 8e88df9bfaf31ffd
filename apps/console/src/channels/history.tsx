import { Button, TextInput } from '@mantine/core'
import type { ChannelEvent } from '@parley/client'
import { useClient } from '@parley/react'
import { useEffect, useState } from 'react'
import { useAnswer } from '../data/use-answer.ts'
import { usePaging } from '../data/use-paging.ts'
import { countWords } from '../data/words.ts'
import { Part } from '../page/facts.tsx'
import { Listing } from '../table/listing.tsx'
import { Pager } from '../table/pager.tsx'
import styles from './channels.module.css'
import { EventLines } from './event-lines.tsx'

const pageLength = 50

interface HistoryProps {
  readonly channel: string
  readonly epoch: string
  readonly head: number
}

/** Events that are kept, newest first, and a replay of them as a client would get it that comes back. */
export function History({ channel, epoch, head }: HistoryProps) {
  const paging = usePaging<number>(channel)
  const answer = useAnswer('channels.history', {
    channel,
    limit: pageLength,
    ...(paging.after === undefined ? {} : { before: paging.after }),
  })
  const { events = [], next } = answer.data ?? {}
  return (
    <>
      <Part title="History">
        <Listing
          label="History"
          answer={answer}
          isEmpty={events.length === 0}
          empty={{ text: 'The channel keeps no event.' }}
        >
          <EventLines events={[...events].reverse() as ChannelEvent[]} label="Events that are kept" />
          <Pager paging={paging} next={next} words={`${countWords(events.length)} shown`} />
        </Listing>
      </Part>
      {epoch !== '' && <Replay channel={channel} epoch={epoch} head={head} />}
    </>
  )
}

const maxReplayed = 500

/** Resumes from an offset, as a client does that was away: what the server sends then is what such a client gets. */
function Replay({ channel, epoch, head }: HistoryProps) {
  const client = useClient()
  const [from, setFrom] = useState('')
  const [running, setRunning] = useState<number>()
  const [events, setEvents] = useState<readonly ChannelEvent[]>([])
  const [verdict, setVerdict] = useState('')
  useEffect(() => {
    if (running === undefined) return
    setEvents([])
    setVerdict('')
    const subscription = client.subscribe(channel, {
      from: { epoch, offset: running },
      silent: true,
      onEvent: (event) => setEvents((before) => [...before, event].slice(-maxReplayed)),
      onRecovered: () => setVerdict('The server says: nothing is missing.'),
      onUnrecovered: ({ reason }) =>
        setVerdict(
          `The server says: not recovered, ${reason.replaceAll('_', ' ')}. A client loads a snapshot then.`,
        ),
      onError: ({ message }) => setVerdict(message),
    })
    return () => subscription.unsubscribe()
  }, [client, channel, epoch, running])
  const offset = Number(from)
  const isGood = from.trim() !== '' && Number.isInteger(offset) && offset >= 0
  return (
    <Part title="Replay">
      <form
        className={styles.row}
        onSubmit={(event) => {
          event.preventDefault()
          if (isGood) setRunning(offset)
        }}
      >
        <TextInput
          label="After offset"
          description={`0 to ${countWords(head)}`}
          inputMode="numeric"
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
          w={140}
        />
        <Button type="submit" variant="default" disabled={!isGood}>
          Replay
        </Button>
        {running !== undefined && (
          <Button variant="subtle" onClick={() => setRunning(undefined)}>
            Stop
          </Button>
        )}
      </form>
      <p role="status">{verdict}</p>
      {events.length > 0 && <EventLines events={events} label="Events replayed" isLive />}
    </Part>
  )
}
