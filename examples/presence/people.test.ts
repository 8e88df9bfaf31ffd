import { type ClientTransport, createClient } from '@parley/client'
import { type TestNode, testNode, testToken } from '@parley/kernel/testing'
import { presenceModule } from '@parley/modules'
import { expect, test } from 'vitest'
import { type Line, reportActivity, showPeople } from './people.ts'

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

async function clientOf(t: TestNode, user: string) {
  const network = { online: () => true, watch: () => () => undefined }
  const options = {
    url: 'memory:',
    token: testToken(user),
    transport: transportTo(t),
    clock: t.clock,
    network,
  }
  const client = createClient(options)
  const connected = client.connect()
  await t.clock.advance(10)
  await connected
  return client
}

test('a list of people follows who comes, what they do, and who goes', async () => {
  const t = await testNode({ modules: [presenceModule()] })
  const ada = await clientOf(t, 'ada')
  const added = ada.presence.addContacts({ contacts: ['grace', 'mary'] })
  await t.clock.advance(10)
  expect(await added).toEqual({ contacts: 2 })
  let lines: readonly Line[] = []
  const heard: string[] = []
  ada.on('presence.online', ({ data }) => heard.push(`${data.user} came`))
  ada.on('presence.offline', ({ data }) => heard.push(`${data.user} went`))
  const stop = showPeople(ada, 'ada', (shown) => {
    lines = shown
  })
  const grace = await clientOf(t, 'grace')
  await t.clock.advance(200)
  expect(lines).toEqual([{ user: 'grace', text: 'online' }])
  const report = reportActivity(grace)
  report('editing', 'doc:plan')
  report('editing', 'doc:plan')
  await t.clock.advance(200)
  expect(lines).toEqual([{ user: 'grace', text: 'editing' }])
  void grace.presence.setStatus({ emoji: '🏖️', text: 'At the sea' })
  await t.clock.advance(200)
  expect(lines).toEqual([{ user: 'grace', text: '🏖️ At the sea' }])
  grace.disconnect()
  await t.clock.advance(200)
  expect(lines).toEqual([])
  expect(heard).toEqual(['grace came', 'grace went'])
  stop()
  ada.disconnect()
})
