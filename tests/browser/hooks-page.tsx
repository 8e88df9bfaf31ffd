import type { Client } from '@parley/client'
import { RealtimeProvider, useChannel, useCommand, useRealtime, useSuspenseChannel } from '@parley/react'
import { Devtools, inspectedClient } from '@parley/react/devtools'
import { memo, type ReactNode, StrictMode, Suspense, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'

/** What the page did to the network and to React, for the test to read. */
const seen = {
  sockets: [] as { closedWith: number | undefined; frames: string[] }[],
  tokens: 0,
  statuses: [] as string[],
  statusRenders: 0,
  /** Commits of `CountedRoom`, each with the events that it showed. */
  roomCommits: [] as number[],
  /** What `WaitingRoom` showed, and what was shown instead. */
  waiting: [] as (number | 'fallback')[],
  /** What `WaitingRoom` and another that waits for the same heard, each for itself. */
  heard: { one: [] as unknown[], other: [] as unknown[] },
  client: undefined as Client | undefined,
  unmount: (): void => undefined,
}
Object.assign(window, { seen })

const RealWebSocket = window.WebSocket
window.WebSocket = class extends RealWebSocket {
  readonly #entry = { closedWith: undefined as number | undefined, frames: [] as string[] }

  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols)
    seen.sockets.push(this.#entry)
  }

  override send(data: string): void {
    this.#entry.frames.push(...data.split('\n'))
    super.send(data)
  }

  override close(code?: number, reason?: string): void {
    this.#entry.closedWith = code
    super.close(code, reason)
  }
}

async function getToken(): Promise<string> {
  seen.tokens += 1
  const response = await fetch('/api/auth/sign-in', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Ada' }),
  })
  return ((await response.json()) as { readonly token: string }).token
}

const Status = memo(function Status(): ReactNode {
  const { connectionStatus, isOnline, client } = useRealtime()
  seen.statusRenders += 1
  seen.client = client
  useEffect(() => {
    if (seen.statuses.at(-1) !== connectionStatus) seen.statuses.push(connectionStatus)
  }, [connectionStatus])
  return <p id="status">{`${connectionStatus} ${isOnline}`}</p>
})

function Room({ id }: { readonly id: string }): ReactNode {
  const { events, presence, publish, status, hasOlder, loadOlder } = useChannel('chat:hooks', { recent: 3 })
  return (
    <section id={id}>
      <ol>
        {events.map((event) => (
          <li key={event.offset}>{String(event.data)}</li>
        ))}
      </ol>
      <output>{`${status} ${presence.length} ${hasOlder}`}</output>
      <button type="button" className="publish" onClick={() => publish(`note ${events.length}`)}>
        Publish
      </button>
      <button type="button" className="older" onClick={() => loadOlder()}>
        Older
      </button>
    </section>
  )
}

/** Does nothing but count how often it is shown anew. */
const CountedRoom = memo(function CountedRoom(): ReactNode {
  const { events } = useChannel('live:counted', { recent: 0, state: false })
  useEffect(() => {
    seen.roomCommits.push(events.length)
  })
  return <p id="counted">{events.length}</p>
})

function WaitingRoom(): ReactNode {
  const { events } = useSuspenseChannel('chat:waited', {
    recent: 5,
    onEvent: ({ data }) => seen.heard.one.push(data),
  })
  useEffect(() => {
    seen.waiting.push(events.length)
  }, [events])
  return <p id="waited">{events.map(({ data }) => String(data)).join()}</p>
}

function OtherWaitingRoom(): ReactNode {
  useSuspenseChannel('chat:waited', { recent: 5, onEvent: ({ data }) => seen.heard.other.push(data) })
  return null
}

function Fallback(): ReactNode {
  useEffect(() => {
    seen.waiting.push('fallback')
  }, [])
  return <p id="waited">waiting</p>
}

function Command(): ReactNode {
  const [publish, { pending, error, data }] = useCommand('channels.publish')
  return (
    <section id="command">
      <button
        type="button"
        className="good"
        onClick={() => publish({ channel: 'chat:hooks', data: 'by command' })}
      >
        Good
      </button>
      <button type="button" className="bad" onClick={() => publish({ channel: 'nonsense', data: 1 })}>
        Bad
      </button>
      <output>{JSON.stringify([pending, error?.code ?? null, data?.offset ?? null])}</output>
    </section>
  )
}

function App(): ReactNode {
  const [hasSecond, setSecond] = useState(false)
  return (
    <RealtimeProvider url="/ws" getToken={getToken} reconnect={{ baseMs: 20, capMs: 100 }}>
      <Status />
      <Room id="first" />
      {hasSecond && <Room id="second" />}
      <CountedRoom />
      <Suspense fallback={<Fallback />}>
        <WaitingRoom />
        <OtherWaitingRoom />
      </Suspense>
      <Command />
      <button type="button" id="toggle" onClick={() => setSecond((has) => !has)}>
        Second room
      </button>
    </RealtimeProvider>
  )
}

/** The same page with a client that is looked at. */
const isInspected = location.search.includes('devtools')
const inspected = isInspected ? inspectedClient({ url: '/ws', getToken }) : undefined

function InspectedApp({ client }: { readonly client: Client }): ReactNode {
  return (
    <RealtimeProvider client={client}>
      <Room id="first" />
      <Devtools />
    </RealtimeProvider>
  )
}

const root = createRoot(document.body.appendChild(document.createElement('main')))
root.render(
  <StrictMode>{inspected === undefined ? <App /> : <InspectedApp client={inspected} />}</StrictMode>,
)
seen.unmount = () => root.unmount()
