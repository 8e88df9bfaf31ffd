import { command, defineContract, type Position, type Schema } from '@parley/protocol'
import { expectTypeOf } from 'vitest'
import type { Context } from './context.ts'
import { type Handler, type Handlers, implement, type Module } from './module.ts'

interface SendInput {
  readonly room: string
  readonly priority?: 'low' | 'high'
}
interface SendParsed {
  readonly room: string
  readonly priority: 'low' | 'high'
}
interface Sent {
  readonly offset: number
}

declare const sendInput: Schema<SendInput, SendParsed>
declare const sent: Schema<Sent>
declare const empty: Schema<Record<string, never>>

const declaration = { summary: '.', permission: 'anyone' } as const
const contract = defineContract({
  name: 'chat',
  summary: 'Rooms.',
  commands: {
    send: command({ ...declaration, input: sendInput, output: sent, rest: 'POST /rooms/{room}' }),
    rooms: command({ ...declaration, input: empty, output: sent, rest: 'GET /rooms' }),
  },
  events: {},
})
type Chat = Handlers<typeof contract>

// A handler for each command and no other; it gets what the schema makes of the input.
expectTypeOf<keyof Chat>().toEqualTypeOf<'send' | 'rooms'>()
expectTypeOf<Chat['send']>().toEqualTypeOf<Handler<SendParsed, Sent>>()
expectTypeOf<Handlers<string>>().toBeNever()

const rooms = () => ({ offset: 1 })

// Types of context, input and positions follow from the contract.
const module = implement(contract, {
  handlers: {
    send: (ctx, input) => {
      expectTypeOf(ctx).toEqualTypeOf<Context>()
      expectTypeOf(input).toEqualTypeOf<SendParsed>()
      return { offset: 1 }
    },
    rooms: async () => ({ offset: 1 }),
  },
})
expectTypeOf(module).toEqualTypeOf<Module>()

implement(contract, {
  handlers: {
    send: {
      run: (ctx, input) => {
        expectTypeOf(ctx).toEqualTypeOf<Context>()
        expectTypeOf(input).toEqualTypeOf<SendParsed>()
        return {}
      },
      complete: (_output: never, positions) => {
        expectTypeOf(positions).toEqualTypeOf<readonly Position[]>()
        return { offset: positions[0]?.offset ?? 0 }
      },
    },
    rooms,
  },
})

// @ts-expect-error: a handler is missing
implement(contract, { handlers: { rooms } })
// @ts-expect-error: a handler for a command that there is not
implement(contract, { handlers: { send: rooms, rooms, extra: rooms } })
// @ts-expect-error: a misspelt handler
implement(contract, { handlers: { sned: rooms, rooms } })
// @ts-expect-error: an answer that the contract does not promise
implement(contract, { handlers: { send: () => ({ offset: '1' }), rooms } })
// @ts-expect-error: an answer that comes later is checked too
implement(contract, { handlers: { send: async () => ({}), rooms } })
// @ts-expect-error: an input field that there is not
implement(contract, { handlers: { send: (_ctx, { nobody }) => ({ offset: nobody }), rooms } })
// @ts-expect-error: a handler in two parts needs both
implement(contract, { handlers: { send: { run: () => ({}) }, rooms } })
// @ts-expect-error: `complete` makes the answer
implement(contract, { handlers: { send: { run: () => ({}), complete: () => ({ offset: '1' }) }, rooms } })
// @ts-expect-error: no handlers at all
implement(contract, {})
