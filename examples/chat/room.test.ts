import { memorySql } from '@parley/adapters/log-and-store/sqlite'
import { type Client, type ClientTransport, createClient } from '@parley/client'
import { type TestNode, testNode, testToken } from '@parley/kernel/testing'
import { chatModule } from '@parley/modules'
import { expect, test } from 'vitest'
import { type Line, sayTo, showRoom, waiting } from './room.ts'

/** Connects a client within the process. */
function transportTo({ transport, clock }: TestNode): ClientTransport {
  return {
    name: 'memory',
    open(_url, { opened, received, closed }) {
      const end = transport.connect()
      end.onMessage = received
      end.onClose = closed
      clock.after(1, opened)
      return { bufferedBytes: 0, send: (text) => end.send(text), close: (code) => end.close(code) }
    },
  }
}

/** Lets time pass until something is done. */
async function passing<T>(t: TestNode, work: Promise<T>): Promise<T> {
  let isDone = false
  const done = work.finally(() => {
    isDone = true
  })
  done.catch(() => undefined)
  while (!isDone) await t.clock.advance(1)
  return done
}

async function clientOf(t: TestNode, user: string): Promise<Client> {
  const network = { online: () => true, watch: () => () => undefined }
  const options = {
    url: 'memory:',
    token: testToken(user),
    transport: transportTo(t),
    clock: t.clock,
    network,
  }
  const client = createClient(options)
  await passing(t, client.connect())
  return client
}

test('a room shows what is there, what comes, what changes and what goes', async () => {
  const t = await testNode({ modules: [chatModule()], sql: memorySql() })
  const ada = await clientOf(t, 'ada')
  const grace = await clientOf(t, 'grace')
  const channel = 'conversation:general'
  await passing(t, ada.chat.create({ id: 'general', title: 'General', members: ['grace'] }))
  const { seq } = await passing(t, ada.chat.send({ channel, text: 'Hello' }))
  let lines: readonly Line[] = []
  const stop = await passing(
    t,
    showRoom(grace, channel, (shown) => {
      lines = shown
    }),
  )
  const texts = () => lines.map(({ author, text }) => `${author}: ${text}`)
  expect(texts()).toEqual(['ada: Hello'])
  const second = await passing(t, grace.chat.send({ channel, text: 'Hello yourself, @ada' }))
  await passing(t, ada.chat.edit({ channel, seq, text: 'Hello, Grace' }))
  await t.clock.advance(10)
  expect(texts()).toEqual(['ada: Hello, Grace', 'grace: Hello yourself, @ada'])
  expect(await passing(t, waiting(ada))).toBe('1 unread, 1 of them for you')
  await passing(t, grace.chat.delete({ channel, seq: second.seq }))
  await t.clock.advance(10)
  expect(texts()).toEqual(['ada: Hello, Grace'])
  expect(await passing(t, waiting(ada))).toBe('0 unread, 0 of them for you')
  await passing(t, sayTo(grace, 'ada', 'A word in private'))
  expect(await passing(t, waiting(ada))).toBe('1 unread, 0 of them for you')
  stop()
  for (const client of [ada, grace]) client.disconnect()
})
