import { expect, test } from 'vitest'
import { chatModule } from '../../index.ts'
import { say, textsOf } from '../../testing/calls.ts'
import { makeRoom, startChat } from '../../testing/chat-node.ts'
import { readTyped, type SlashCommand, slashCommands } from './slash-commands.ts'

const roll: SlashCommand = {
  name: 'roll',
  summary: 'Roll a die.',
  usage: '/roll',
  run: (_ctx, { args }) => ({ text: `You rolled ${args || 'four'}.` }),
}

test('a text that names a command is one; others, and a doubled slash, are texts', () => {
  const commands = slashCommands([roll])
  expect(readTyped(commands, '/roll  six ')).toEqual({ command: roll, args: 'six' })
  expect(readTyped(commands, '/roll\nsix')).toEqual({ command: roll, args: 'six' })
  for (const text of ['hello', '/unknown thing', '/ roll', 'a /roll', '/rolling'])
    expect(readTyped(commands, text)).toEqual({ text })
  expect(readTyped(commands, '//roll')).toEqual({ text: '/roll' })
})

test('commands that come with the server are known by name and usage', async () => {
  const t = await startChat({}, { commands: [roll] })
  const channel = await makeRoom(t, 'general', 'ada')
  const { commands } = await t.as('ada', 'commands', { channel })
  expect(commands.map(({ name }) => name)).toEqual([
    ...['me', 'shrug', 'topic', 'invite', 'leave', 'mute', 'remind', 'roll'],
  ])
  expect(await t.as('ada', 'runCommand', { channel, name: 'roll' })).toEqual({ text: 'You rolled four.' })
  expect(await t.refusal('ada', 'runCommand', { channel, name: 'nothing' })).toBe('chat.no_such_command')
  expect(await t.refusal('eve', 'runCommand', { channel, name: 'roll' })).toBe('forbidden')
  expect(() => chatModule({ commands: [{ ...roll, name: 'Roll it' }] })).toThrow(/lower-case/)
})

test('what is typed is run and not sent', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob')
  const sent = await t.as('ada', 'send', { channel, text: '/me waves', id: 'm-1' })
  expect(await t.as('ada', 'send', { channel, text: '/me waves', id: 'm-1' })).toEqual(sent)
  await t.as('ada', 'send', { channel, text: '/shrug who knows' })
  expect(await t.as('ada', 'send', { channel, text: '/topic Boats' })).toMatchObject({ seq: 0 })
  await t.as('ada', 'send', { channel, text: '//topic is a command' })
  await t.as('ada', 'send', { channel, text: '/tableflip is none' })
  expect(await textsOf(t, 'bob', channel)).toEqual([
    '_waves_',
    'who knows ¯\\\\\\_(ツ)\\_/¯',
    '/topic is a command',
    '/tableflip is none',
  ])
  expect(await t.as('bob', 'get', { channel })).toMatchObject({ topic: 'Boats' })
})

test('a command does what its caller may do, and no more', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada', 'bob')
  const root = await say(t, 'bob', { channel, text: 'Root' })
  expect(await t.refusal('bob', 'runCommand', { channel, name: 'topic', args: 'Mine' })).toBe('forbidden')
  expect(await t.refusal('bob', 'runCommand', { channel, name: 'me' })).toBe('chat.bad_arguments')
  const { seq } = await t.as('bob', 'runCommand', { channel, thread: root, name: 'me', args: '//slashes' })
  expect(await t.as('bob', 'message', { channel, seq: seq as number })).toMatchObject({
    text: '_//slashes_',
    thread: root,
  })
  const invited = await t.as('bob', 'runCommand', { channel, name: 'invite', args: '@eve, dan' })
  expect(invited.text).toBe('Invited: eve, dan.')
  expect(await t.refusal('bob', 'runCommand', { channel, name: 'invite', args: ' ' })).toBe(
    'chat.bad_arguments',
  )
  await t.as('bob', 'runCommand', { channel, name: 'mute' })
  expect((await t.as('bob', 'get', { channel })).mine?.notify).toBe('none')
  await t.as('bob', 'runCommand', { channel, name: 'mute' })
  expect((await t.as('bob', 'get', { channel })).mine?.notify).toBe('all')
  await t.as('bob', 'runCommand', { channel, name: 'leave' })
  expect(await t.refusal('bob', 'get', { channel })).toBe('forbidden')
})

test('a note comes back when it was asked for', async () => {
  const t = await startChat()
  const channel = await makeRoom(t, 'general', 'ada')
  expect(await t.refusal('ada', 'runCommand', { channel, name: 'remind', args: 'later' })).toBe(
    'chat.bad_arguments',
  )
  await t.as('ada', 'runCommand', { channel, name: 'remind', args: '30m stretch' })
  const notes = await t.as('ada', 'direct', { users: ['ada'] })
  expect(await textsOf(t, 'ada', notes.channel)).toEqual([])
  await t.clock.advance(31 * 60_000)
  expect(await textsOf(t, 'ada', notes.channel)).toEqual(['stretch'])
})
