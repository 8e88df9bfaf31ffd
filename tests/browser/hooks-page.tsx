import type { Client } from '@parley/client'
import { RealtimeProvider, useChannel, useCommand, useRealtime } from '@parley/react'
import { memo, type ReactNode, StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'

/** What the page did to the network and to React, for the test to read. */
const seen = {
  sockets: [] as { closedWith: number | undefined; frames: string[] }[],
  tokens: 0,
  statuses: [] as string[],
  statusRenders: 0,
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
      <Command />
      <button type="button" id="toggle" onClick={() => setSecond((has) => !has)}>
        Second room
      </button>
    </RealtimeProvider>
  )
}

const root = createRoot(document.body.appendChild(document.createElement('main')))
root.render(
  <StrictMode>
    <App />
  </StrictMode>,
)
seen.unmount = () => root.unmount()
