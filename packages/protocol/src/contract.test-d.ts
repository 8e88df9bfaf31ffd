import { expectTypeOf } from 'vitest'
import {
  type CallOptions,
  type CommandInput,
  type CommandOutput,
  type CommandParsed,
  type Contract,
  command,
  defineContract,
  type EventData,
  event,
  type Methods,
  type Payloads,
  type Permission,
} from './contract.ts'
import type { InputOf, OutputOf, Schema } from './schema.ts'

interface SendInput {
  readonly room: string
  readonly text: string
  readonly priority?: 'low' | 'high'
}
interface SendParsed {
  readonly room: string
  readonly text: string
  readonly priority: 'low' | 'high'
}
interface Sent {
  readonly offset: number
}

declare const sendInput: Schema<SendInput, SendParsed>
declare const sent: Schema<Sent>
declare const empty: Schema<Record<string, never>>

const chat = defineContract({
  name: 'chat',
  summary: 'Rooms.',
  commands: {
    send: command({
      summary: 'Sends.',
      input: sendInput,
      output: sent,
      permission: { action: 'write', channel: 'room' },
      orderBy: 'room',
      rest: 'POST /rooms/{room}/messages',
      errors: { 'chat.room_closed': 'The room is closed.' },
    }),
    rooms: command({
      summary: 'Lists.',
      input: empty,
      output: sent,
      permission: 'anyone',
      rest: 'GET /rooms',
      readOnly: true,
    }),
  },
  events: {
    'chat.sent': event('A message.', sent),
    'chat.closed': event('Closed.', empty),
  },
})
type Chat = typeof chat

// A schema tells what goes in and what comes out.
expectTypeOf<InputOf<typeof sendInput>>().toEqualTypeOf<SendInput>()
expectTypeOf<OutputOf<typeof sendInput>>().toEqualTypeOf<SendParsed>()
expectTypeOf<InputOf<string>>().toBeNever()
expectTypeOf<OutputOf<string>>().toBeNever()

// The contract keeps its names.
expectTypeOf<Chat['name']>().toEqualTypeOf<'chat'>()
expectTypeOf<keyof Chat['commands']>().toEqualTypeOf<'send' | 'rooms'>()
expectTypeOf<keyof Chat['events']>().toEqualTypeOf<'chat.sent' | 'chat.closed'>()
expectTypeOf<Chat>().toExtend<Contract>()

// Callers send what the schema takes, handlers get what it makes of it.
type Send = Chat['commands']['send']
expectTypeOf<CommandInput<Send>>().toEqualTypeOf<SendInput>()
expectTypeOf<CommandParsed<Send>>().toEqualTypeOf<SendParsed>()
expectTypeOf<CommandOutput<Send>>().toEqualTypeOf<Sent>()
expectTypeOf<EventData<Chat['events']['chat.sent']>>().toEqualTypeOf<Sent>()

// The typed client.
expectTypeOf<Methods<Chat>['send']>().toEqualTypeOf<
  (input: SendInput, options?: CallOptions) => Promise<Sent>
>()
expectTypeOf<keyof Methods<Chat>>().toEqualTypeOf<'send' | 'rooms'>()
expectTypeOf<Payloads<Chat>['chat.sent']>().toEqualTypeOf<Sent>()
expectTypeOf<Payloads<Chat>>().toHaveProperty('chat.closed')
expectTypeOf<Methods<string>>().toBeNever()
expectTypeOf<Payloads<string>>().toBeNever()

declare const methods: Methods<Chat>
void methods.send({ room: 'r', text: 't' }, { key: 'k', timeoutMs: 1 })
// @ts-expect-error: a field is missing
void methods.send({ room: 'r' })
// @ts-expect-error: there is no such command
void methods.sned

// A contract keeps the rules of its states, for clients that know them by type alone.
const rooms = defineContract({
  name: 'rooms',
  summary: 'Rooms.',
  commands: {},
  events: {},
  states: { badge: { summary: 'A badge.', value: sent, events: { began: 'rooms.badged' }, fleeting: true } },
})
expectTypeOf<
  NonNullable<(typeof rooms)['states']>['badge']['events']['began']
>().toEqualTypeOf<'rooms.badged'>()
expectTypeOf<typeof rooms>().toExtend<Contract>()
// @ts-expect-error: a state without the form of its value
defineContract({ name: 'x', summary: '.', commands: {}, events: {}, states: { badge: { summary: '.' } } })

// What a contract may not say.
const wrong = { summary: '.', input: empty, output: sent, permission: 'anyone', rest: 'GET /x' } as const
// @ts-expect-error: a method that is none
command({ ...wrong, rest: 'FETCH /x' })
// @ts-expect-error: a path without a slash
command({ ...wrong, rest: 'GET x' })
// @ts-expect-error: an action that is none
command({ ...wrong, permission: { action: 'fly' } })
// @ts-expect-error: no schema
command({ ...wrong, input: {} })
// @ts-expect-error: an event is made by `event`
defineContract({ name: 'x', summary: '.', commands: {}, events: { 'x.y': { summary: '.' } } })

expectTypeOf<'public'>().toExtend<Permission>()
expectTypeOf<{ action: 'read' }>().toExtend<Permission>()
