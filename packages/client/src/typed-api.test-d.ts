import type { ChannelEvent, Schema } from '@parley/protocol'
import { command, defineContract, event } from '@parley/protocol'
import { createClient } from './client.ts'
import { createTypist } from './modules/typist.ts'
import { builtInStates } from './subscriptions/state-events.ts'
import type { BuiltIn, CodeOfCommand } from './typed-api.ts'

// Compiled, never run: what must compile does, and what must not is marked.

declare const schema: <T>() => Schema<T>
const notes = defineContract({
  name: 'notes',
  summary: 'Notes.',
  commands: {
    add: command({
      summary: 'Adds a note.',
      input: schema<{ text: string }>(),
      output: schema<{ id: number }>(),
      permission: 'anyone',
      rest: 'POST /notes',
    }),
  },
  events: { 'notes.added': event('A note was added.', schema<{ text: string }>()) },
})

export async function calls(): Promise<void> {
  const client = createClient<{ any: typeof notes }>({ url: '/' })
  const { id } = await client.notes.add({ text: 'x' })
  id satisfies number
  const answer = await client.call('notes.add', { text: 'x' }, { timeoutMs: 5 })
  answer.id satisfies number
  // @ts-expect-error a field is missing
  await client.notes.add({})
  // @ts-expect-error misspelt
  await client.notes.ad({ text: 'x' })
  // @ts-expect-error misspelt
  await client.call('notes.ad', { text: 'x' })
  // @ts-expect-error no such module
  await client.chat.send({})
  const free: unknown = await client.call('elsewhere.do', { anything: 1 })
  void free
}

export function events(): void {
  const client = createClient<{ notes: typeof notes }>({ url: '/' })
  client.on('notes.added', (added) => added.data.text satisfies string)
  client.on('status', (status) => status satisfies 'connecting' | 'connected' | 'disconnected')
  // @ts-expect-error misspelt
  client.on('notes.aded', () => undefined)
  // Publishers choose types of their own.
  client.on('order.placed', (placed) => placed satisfies ChannelEvent)
  client.subscribe('room:a', { onEvent: ({ data }) => data satisfies unknown })
  client.subscribe<ChannelEvent<'note', { text: string }>>('room:a', {
    onEvent: ({ data }) => data.text satisfies string,
  })
}

export async function builtIn(): Promise<void> {
  const client = createClient({ url: '/' })
  const { offset } = await client.channels.publish({ channel: 'room:a', data: 1 })
  offset satisfies number
  const { events: page } = await client.channels.history({ channel: 'room:a' })
  page[0]?.offset satisfies number | undefined
  client.on('channels.redacted', ({ data }) => data.offset satisfies number)
  // @ts-expect-error misspelt
  client.on('channels.redactd', () => undefined)
}

// The client follows the rules that the contracts declare, and the events have the data of the contracts.
export function states(): void {
  builtInStates.typing satisfies Pick<
    NonNullable<BuiltIn['typing']['states']>['typing'],
    'events' | 'fleeting'
  >
  builtInStates.presence satisfies Pick<NonNullable<BuiltIn['presence']['states']>['presence'], 'events'>
  const client = createClient({ url: '/' })
  client.on('presence.online', ({ data }) => data.availability satisfies string)
  client.on('typing.started', ({ data }) => {
    data.user satisfies string
    data.activity satisfies 'typing' | 'uploading' | 'recording'
  })
  createTypist(client, 'room:a', { thread: 1 }).keystroke()
  createTypist(createClient<{ any: typeof notes }>({ url: '/' }), 'room:a').stop()
}

// What a command is refused with follows from its contract.
export function errors(): void {
  type Codes = CodeOfCommand<BuiltIn, 'channels.publishMany'>
  'channels.too_many_channels' satisfies Codes
  'rate_limited' satisfies Codes
  // @ts-expect-error misspelt
  'channels.too_many_chanels' satisfies Codes
  // @ts-expect-error of another command
  'channels.no_presence' satisfies Codes
}

export async function presence(): Promise<void> {
  const client = createClient({ url: '/' })
  client.on('presence.online', ({ data }) => data.user satisfies string)
  // @ts-expect-error misspelt
  client.on('presence.onlin', () => undefined)
  const { sessions } = await client.channels.presence({ channel: 'room:a' })
  sessions satisfies number
  await client.presence.set({ availability: 'away' })
  // @ts-expect-error no such availability
  await client.presence.set({ availability: 'awya' })
  // @ts-expect-error misspelt
  await client.presence.sett({ availability: 'away' })
}
