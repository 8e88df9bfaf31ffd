import { type ClientTransport, createClient } from '@parley/client'
import { type ReactNode, Suspense } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test, vi } from 'vitest'
import { RealtimeProvider } from './provider.tsx'
import { useChannel, useSuspenseChannel } from './use-channel.ts'
import { useCommand } from './use-command.ts'
import { useRealtime } from './use-realtime.ts'

function Page(): ReactNode {
  const { isOnline, connectionStatus } = useRealtime()
  const { events, presence, status } = useChannel('room:a')
  const [, { pending }] = useCommand('channels.publish')
  return (
    <p>{JSON.stringify([isOnline, connectionStatus, events.length, presence.length, status, pending])}</p>
  )
}

const text = (html: string) => html.replaceAll('&quot;', '"')

test('rendering on a server opens no socket, asks for no token and sets no timer', () => {
  const open = vi.fn<ClientTransport['open']>()
  const getToken = vi.fn(() => 't')
  const after = vi.spyOn(globalThis, 'setTimeout')
  const html = renderToString(
    <RealtimeProvider url="/ws" getToken={getToken} transport={{ name: 'none', open }}>
      <Page />
    </RealtimeProvider>,
  )
  expect(text(html)).toContain('[true,"disconnected",0,0,"unsubscribed",false]')
  expect([open.mock.calls, getToken.mock.calls, after.mock.calls]).toEqual([[], [], []])
  after.mockRestore()
})

test('a client made outside is not connected by rendering either', () => {
  const open = vi.fn<ClientTransport['open']>()
  const client = createClient({ url: '/ws', transport: { name: 'none', open } })
  renderToString(
    <RealtimeProvider client={client}>
      <Page />
    </RealtimeProvider>,
  )
  expect([client.status, open.mock.calls]).toEqual(['disconnected', []])
})

const initial = {
  events: [{ id: 'a', channel: 'room:a', type: 'message', data: 'from the server', at: 1, offset: 4 }],
  position: { epoch: 'e', offset: 4 },
}

function Rendered(): ReactNode {
  const { events } = useChannel('room:a', { initial })
  return <p>{events.map(({ data }) => String(data)).join()}</p>
}

function Waiting(): ReactNode {
  const { events } = useSuspenseChannel('room:b')
  return <i>{events.length}</i>
}

test('what was read for a page is rendered with it; what would wait for a socket is rendered without', () => {
  const open = vi.fn<ClientTransport['open']>()
  const html = renderToString(
    <RealtimeProvider url="/ws" token="t" transport={{ name: 'none', open }}>
      <Rendered />
      <Suspense fallback="waiting">
        <Waiting />
      </Suspense>
    </RealtimeProvider>,
  )
  expect(html).toContain('<p>from the server</p>')
  expect(html).toContain('<i>0</i>')
  expect(open).not.toHaveBeenCalled()
})

test('without a provider the hooks say what is missing', () => {
  expect(() => renderToString(<Page />)).toThrow('There is no RealtimeProvider above this component.')
})
