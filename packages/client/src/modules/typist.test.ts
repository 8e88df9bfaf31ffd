import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { settle } from '../testing/manual-clock.ts'
import { connected } from '../testing/scripted-server.ts'
import { createTypist } from './typist.ts'

const channel = 'room:a'

async function field(thread?: number) {
  const made = await connected()
  const { client, clock, server } = made
  const typist = createTypist(client, channel, { thread, clock })
  /** Calls made since, as `start` and `stop`; they are answered. */
  const told = async () => {
    await settle()
    const names: string[] = []
    const { last } = server
    for (const { id, command } of last.all('call')) {
      last.next('call')
      names.push(command.slice('typing.'.length))
      await last.ok(id, {})
    }
    return names
  }
  return { ...made, typist, told }
}

test('the first key starts, keys repeat it every three seconds, five seconds without one stop it', async () => {
  const { typist, told, clock } = await field()
  typist.keystroke()
  expect(await told()).toEqual(['start'])
  for (let n = 0; n < 70; n++) {
    await clock.advance(100)
    typist.keystroke()
  }
  expect(await told()).toEqual(['start', 'start'])
  await clock.advance(4_900)
  expect(await told()).toEqual([])
  await clock.advance(200)
  expect(await told()).toEqual(['stop'])
  expect(clock.pending).toBeLessThanOrEqual(1)
  typist.keystroke()
  expect(await told()).toEqual(['start'])
})

test('sending stops it once, and where nobody types nothing is told', async () => {
  const { typist, told, clock } = await field()
  typist.stop()
  expect(await told()).toEqual([])
  typist.keystroke()
  typist.stop()
  typist.stop()
  expect(await told()).toEqual(['start', 'stop'])
  await clock.advance(20_000)
  expect(await told()).toEqual([])
})

test('the call names thread and activity; another activity is told at once', async () => {
  const { typist, server } = await field(17)
  typist.keystroke()
  typist.keystroke('uploading')
  typist.stop()
  await settle()
  expect(server.last.all('call').map(({ command, input }) => [command, input])).toEqual([
    ['typing.start', { channel, thread: 17, activity: 'typing' }],
    ['typing.start', { channel, thread: 17, activity: 'uploading' }],
    ['typing.stop', { channel, thread: 17 }],
  ])
})

test('without a connection nothing is told, and afterwards the next key starts anew', async () => {
  const { typist, told, clock, server } = await field()
  typist.keystroke()
  await told()
  await server.last.close()
  typist.keystroke()
  typist.stop()
  await clock.advance(1_000)
  await server.last.accept()
  expect(await told()).toEqual([])
  typist.keystroke()
  expect(await told()).toEqual(['start'])
})

test('what is refused for good is not asked for with every key', async () => {
  const { typist, server, told, clock } = await field()
  typist.keystroke()
  await settle()
  await server.last.refuse(server.last.next('call').id, new ParleyError('forbidden'))
  for (let n = 0; n < 5; n++) {
    await clock.advance(3_000)
    typist.keystroke()
  }
  typist.stop()
  expect(await told()).toEqual([])
})
