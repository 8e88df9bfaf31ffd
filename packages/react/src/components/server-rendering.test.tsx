import { type ClientTransport, createClient } from '@parley/client'
import { renderToString } from 'react-dom/server'
import { expect, test, vi } from 'vitest'
import {
  Composer,
  ConnectionStatus,
  MessageList,
  PresenceAvatars,
  RealtimeProvider,
  Thread,
  TypingIndicator,
  UnreadBadge,
} from '../index.ts'

test('components render on a server, and nothing is opened, asked for or set by that', () => {
  const open = vi.fn<ClientTransport['open']>()
  const client = createClient({ url: '/ws', transport: { name: 'none', open } })
  const call = vi.spyOn(client, 'call')
  const after = vi.spyOn(globalThis, 'setTimeout')
  const channel = 'conversation:a'
  const html = renderToString(
    <RealtimeProvider client={client}>
      <ConnectionStatus always />
      <PresenceAvatars whom={['ada']} />
      <UnreadBadge />
      <MessageList channel={channel} />
      <TypingIndicator channel={channel} />
      <Composer channel={channel} />
      <Thread channel={channel} seq={1} />
    </RealtimeProvider>,
  )
  expect(html).toContain('role="log"')
  expect(html).toContain('Write a message')
  expect([open.mock.calls, call.mock.calls, after.mock.calls]).toEqual([[], [], []])
  after.mockRestore()
})
