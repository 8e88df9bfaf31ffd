import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { Choice, Failure, Skeleton } from '@parley/look'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAnswer } from '../data/use-answer.ts'
import { byteWords, countWords, spanWords } from '../data/words.ts'
import { Facts, Part } from '../page/facts.tsx'
import { SidePanel } from '../page/side-panel.tsx'
import { Copyable } from '../table/copyable.tsx'
import { History } from './history.tsx'
import { LiveTail } from './live-tail.tsx'
import { Publish } from './publish.tsx'

type Kind = OutputOfCommand<BuiltIn, 'channels.kinds'>['kinds'][number]

const views = [
  { value: 'tail', label: 'Live' },
  { value: 'history', label: 'History' },
  { value: 'publish', label: 'Publish' },
] as const

interface ChannelPanelProps {
  readonly channel: string
  readonly onClose: () => void
}

/** One channel: where it stands, what it keeps, what goes through it. */
export function ChannelPanel({ channel, onClose }: ChannelPanelProps) {
  const answer = useAnswer('channels.get', { channel }, { everyMs: 3_000 })
  const { data: kinds } = useAnswer('channels.kinds', {})
  const [view, setView] = useState<(typeof views)[number]['value']>('tail')
  const { data, error } = answer
  const kind = kinds?.kinds.find(({ name }) => name === data?.kind)
  return (
    <SidePanel title={channel} onClose={onClose}>
      {answer.isPending && <Skeleton label="Reading the channel" shape="lines" />}
      {error !== null && data === undefined && (
        <Failure
          title="The channel could not be read"
          message={error.message}
          onRetry={() => void answer.refetch()}
        />
      )}
      {data !== undefined && (
        <>
          <Facts
            facts={[
              ['Channel', <Copyable key="channel" text={channel} what="name of the channel" length={40} />],
              ['Kind', `${data.kind}, ${data.durability}`],
              ['Newest offset', countWords(data.head)],
              ['Kept', keptWords(data)],
              ['Retention', kind && retentionWords(kind)],
              [
                'Epoch',
                data.epoch === '' ? undefined : (
                  <Copyable key="epoch" text={data.epoch} what="epoch" length={20} />
                ),
              ],
              ['Here now', `${countWords(data.sessions)} sessions, ${countWords(data.users)} users`],
              [
                'Members',
                <Link key="members" to="/connections" search={{ channel } as never}>
                  Connections that are subscribed
                </Link>,
              ],
            ]}
          />
          <Choice label="What to do" isLabelHidden options={views} value={view} onChange={setView} />
          {view === 'tail' && <LiveTail channel={channel} />}
          {view === 'history' && <History channel={channel} epoch={data.epoch} head={data.head} />}
          {view === 'publish' && (
            <Part title="Publish by hand">
              {kind !== undefined && kind.module !== 'channels' ? (
                <p>
                  Channels of kind <code>{kind.name}</code> are written by the commands of module{' '}
                  <code>{kind.module}</code>. Try them under <Link to="/modules">Modules</Link>.
                </p>
              ) : (
                <Publish channel={channel} />
              )}
            </Part>
          )}
        </>
      )}
    </SidePanel>
  )
}

function keptWords({ head, first, durability }: { head: number; first: number; durability: string }): string {
  if (durability === 'ephemeral') return 'nothing: events of this kind are not kept'
  if (head < first) return 'no events'
  return `${countWords(head - first + 1)} events, from offset ${countWords(first)}`
}

function retentionWords({ retention, durability }: Kind): string {
  if (durability === 'ephemeral') return 'none'
  const { maxEvents, maxAgeMs, maxBytes } = retention
  return `at most ${countWords(maxEvents)} events, ${spanWords(maxAgeMs)}, ${byteWords(maxBytes)}`
}
