import { Button } from '@mantine/core'
import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { Failure, Skeleton } from '@parley/look'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAction, useAnswer } from '../data/use-answer.ts'
import { amountWords, byteWords, countWords, durationWords } from '../data/words.ts'
import { Facts, Part } from '../page/facts.tsx'
import { Json } from '../page/json.tsx'
import { SidePanel } from '../page/side-panel.tsx'
import { Ago } from '../table/ago.tsx'
import { Copyable } from '../table/copyable.tsx'
import { type Column, Table } from '../table/table.tsx'
import { Tag } from '../table/tag.tsx'
import { Closures } from './closures.tsx'
import styles from './frames.module.css'
import { Frames } from './frames.tsx'

type Detail = OutputOfCommand<BuiltIn, 'operations.connection'>
type Subscription = Detail['subscriptions'][number]

interface ConnectionPanelProps {
  readonly session: string
  readonly onClose: () => void
}

/** One connection's life: who it is, where it stands in each channel, what goes over it, why it was closed. */
export function ConnectionPanel({ session, onClose }: ConnectionPanelProps) {
  const answer = useAnswer('operations.connection', { session }, { everyMs: 2_000 })
  const { data, error, isPending } = answer
  const isGone = error?.code === 'not_found'
  const title = data?.user ?? (isGone ? 'Ended session' : 'Session')
  return (
    <SidePanel title={title} onClose={onClose}>
      {isPending && <Skeleton label="Reading the connection" shape="lines" />}
      {error !== null && !isGone && (
        <Failure
          title="The connection could not be read"
          message={error.message}
          onRetry={() => void answer.refetch()}
        />
      )}
      {isGone && (
        <p>This session has ended. Below is why its connections were closed, as far as it is kept.</p>
      )}
      {data !== undefined && !isGone && <Life detail={data} />}
      <Closures session={session} />
    </SidePanel>
  )
}

function Life({ detail }: { readonly detail: Detail }) {
  const { session, connected, behind } = detail
  const [roundTripMs, setRoundTripMs] = useState<number>()
  return (
    <>
      <Facts
        facts={[
          ['Session', <Copyable key="session" text={session} what="session id" length={20} />],
          ['State', <State key="state" connected={connected} behind={behind} />],
          ['Quality', qualityWords(detail, roundTripMs)],
          ...healthFacts(detail),
          ['Address', detail.ip && <Copyable key="ip" text={detail.ip} what="address" />],
          ['Transport', detail.transport],
          ['Device', detail.device && (detail.device.name ?? detail.device.id)],
          ['Client', detail.userAgent],
          ['Began', <Ago key="since" at={detail.since} />],
          ['Connected', detail.connectedAt && <Ago key="connected" at={detail.connectedAt} />],
          ['Last active', <Ago key="active" at={detail.activeAt} />],
          ['Connections so far', countWords(detail.generation)],
          ['Waiting for network', byteWords(detail.queuedBytes)],
          [
            'Not answered yet',
            `${amountWords(detail.calls, 'call')}, ${amountWords(detail.requests, 'request')}`,
          ],
        ]}
      />
      <Actions detail={detail} />
      <Frames session={session} onRoundTrip={setRoundTripMs} />
      <Part title={`Subscriptions (${countWords(detail.subscriptions.length)})`}>
        {detail.subscriptions.length === 0 ? (
          <p>It is subscribed to no channel.</p>
        ) : (
          <Table
            label="Subscriptions"
            rows={detail.subscriptions}
            columns={subscriptionColumns}
            keyOf={({ channel }) => channel}
          />
        )}
      </Part>
      <Part title="Identity">
        <Facts
          facts={[
            ['App', detail.app],
            ['User', detail.user && <Copyable key="user" text={detail.user} what="user id" />],
            ['Role', detail.role === 'backend' ? 'back end (app key)' : 'user (token)'],
            [
              'Token',
              detail.tokenId && <Copyable key="token" text={detail.tokenId} what="token id" length={20} />,
            ],
            ['Token issued', detail.issuedAt && <Ago key="issued" at={detail.issuedAt} />],
            ['Token expires', detail.expiresAt && <Ago key="expires" at={detail.expiresAt} />],
          ]}
        />
        <Json
          label="Capabilities"
          value={Object.fromEntries(detail.grants.map((grant) => [grant.pattern, grant.actions]))}
        />
      </Part>
    </>
  )
}

const subscriptionColumns: readonly Column<Subscription>[] = [
  {
    label: 'Channel',
    cell: ({ channel, filter }) => (
      <span title={filter === undefined ? undefined : `Filter: ${filter}`}>
        {channel}
        {filter === undefined ? '' : ' (filtered)'}
      </span>
    ),
  },
  {
    label: 'Position',
    cell: ({ position, head }) => `${countWords(position)} of ${countWords(head)}`,
    isNumber: true,
  },
  {
    label: 'State',
    cell: ({ behind }) => (behind ? <Tag tone="bad">behind</Tag> : <Tag tone="good">live</Tag>),
  },
]

function State({ connected, behind }: { readonly connected: boolean; readonly behind: number }) {
  if (!connected) return <Tag tone="warning">waiting for its client</Tag>
  if (behind > 0) return <Tag tone="bad">behind in {countWords(behind)} channels</Tag>
  return <Tag tone="good">connected</Tag>
}

/** What the way to the client is like, in words; undefined while nothing is known. */
function qualityWords(
  { health, queuedBytes, connected }: Detail,
  roundTripMs: number | undefined,
): string | undefined {
  if (!connected) return undefined
  // The score goes with the latency that the server has made it of.
  const ms = health?.latency ?? roundTripMs
  const words = ms === undefined ? 'being measured' : `${durationWords(ms)} there and back`
  if (health?.predicted_failure !== undefined) {
    const { probability, reason, timeframe } = health.predicted_failure
    return `${reason} With ${Math.round(probability * 100)} % it ends within ${timeframe}.`
  }
  if (queuedBytes > 65_536) return `poor: it does not take what it is sent (${words})`
  if (health === undefined || ms === undefined) return words
  return `${qualityOf(health.quality_score)} (${health.quality_score} of 100): ${words}`
}

/** `excellent` from 90 on, as the server's documentation has it. */
function qualityOf(score: number): string {
  if (score >= 90) return 'excellent'
  if (score >= 75) return 'good'
  return score >= 50 ? 'fair' : 'poor'
}

/** Beside the quality: what it is made of. */
function healthFacts({ health }: Detail): readonly (readonly [string, string | undefined])[] {
  if (health === undefined) return []
  const {
    bandwidth_usage: bandwidth,
    error_rate: errors,
    packet_loss: loss,
    uptime_percentage: uptime,
  } = health
  const percent = (share: number) => `${Math.round(share * 1_000) / 10} %`
  return [
    ['Lost, refused', `${percent(loss)} of pings, ${percent(errors)} of frames`],
    ['Traffic', bandwidth === undefined ? undefined : `${byteWords(bandwidth)} a second`],
    ['Uptime', `${Math.round(uptime * 10) / 10} % of the session`],
  ]
}

/** What an operator can do to a session. */
function Actions({ detail: { session, user, app } }: { readonly detail: Detail }) {
  const disconnect = useAction('channels.disconnect', ['operations.connections', 'operations.connection'])
  const isOwnApp = app === 'default'
  const end = (reconnect: boolean) => disconnect.mutate({ session, reason: 'by an operator', reconnect })
  return (
    <Part title="Actions">
      <div className={styles.actions}>
        <Button variant="default" disabled={!isOwnApp} onClick={() => end(true)}>
          Have it reconnect
        </Button>
        <Button variant="default" color="danger" disabled={!isOwnApp} onClick={() => end(false)}>
          Disconnect
        </Button>
        {user !== undefined && (
          <Button variant="subtle" component={Link} to="/users" search={{ selected: user } as never}>
            All sessions of {user}
          </Button>
        )}
      </div>
      {!isOwnApp && <p>It is of app {app}: end it with a token or key of that app.</p>}
      {disconnect.error && <p role="alert">{disconnect.error.message}</p>}
    </Part>
  )
}
