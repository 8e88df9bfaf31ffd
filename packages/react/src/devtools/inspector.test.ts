import { expect, test } from 'vitest'
import { House } from '../testing/house.ts'
import { Inspector } from './inspector.ts'

function start() {
  const house = new House(() => ({ 'notes.add': () => ({ id: 1 }) }))
  const client = house.client('ada')
  const inspector = new Inspector()
  inspector.attach(client)
  const stop = inspector.watch(() => undefined)
  /** What a panel would show a moment later. */
  const shown = async () => {
    await new Promise((resolve) => setTimeout(resolve, 150))
    return inspector.inspect()
  }
  return { house, client, inspector, shown, stop }
}

test('a call waits in the queue while there is no connection, and is then told of with its end', async () => {
  const { client, shown, stop } = start()
  const call = client.call('notes.add', { text: 'x' })
  expect((await shown()).calls).toMatchObject([{ command: 'notes.add', state: 'waiting' }])
  await client.connect()
  await call
  await client.call('no.such', {}).catch(() => undefined)
  expect((await shown()).calls).toMatchObject([
    { command: 'no.such', state: 'failed', code: 'not_found' },
    { command: 'notes.add', state: 'answered' },
  ])
  client.disconnect()
  stop()
})

test('subscriptions are told of with their places until they end', async () => {
  const { client, house, shown, stop } = start()
  await client.connect()
  const subscription = client.subscribe('room:a')
  await subscription.ready
  house.append('room:a', 'message', 'x')
  expect((await shown()).channels).toEqual([{ channel: 'room:a', status: 'subscribed', offset: 1 }])
  expect((await shown()).connection.status).toBe('connected')
  subscription.unsubscribe()
  client.disconnect()
  expect((await shown()).connection.status).toBe('disconnected')
  stop()
})

test('frames are kept in bounds and without secrets; the same view until something comes', async () => {
  const { inspector, shown, stop } = start()
  for (let count = 0; count < 500; count++) inspector.frame('in', `{"op":"ping","n":${count}}`)
  inspector.frame('out', '{"op":"connect","token" : "hush"}\n{"op":"ping"}')
  const { frames } = await shown()
  expect(frames).toHaveLength(200)
  expect(frames.slice(0, 2).map(({ text }) => text)).toEqual([
    '{"op":"ping"}',
    '{"op":"connect","token":"[secret]"}',
  ])
  expect(inspector.inspect()).toBe(inspector.inspect())
  stop()
})
