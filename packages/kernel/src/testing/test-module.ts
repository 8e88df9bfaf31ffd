import { command, defineContract, type Position, type Schema } from '@parley/protocol'
import type { AccessChange } from '../context.ts'
import { defineKind, type KindOptions } from '../kind.ts'
import { implement, type Module } from '../module.ts'

/** A schema that takes every object as it is: tests of the kernel bring no validator. */
function objectSchema<T extends object>(): Schema<T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'parley-testing',
      validate: (value) =>
        typeof value === 'object' && value !== null
          ? { value: value as T }
          : { issues: [{ message: 'expected an object' }] },
    },
  }
}

export interface PublishInput {
  readonly channel: string
  readonly data: unknown
  readonly type?: string
  readonly id?: string
  readonly tags?: Readonly<Record<string, string>>
}

const contract = defineContract({
  name: 'test',
  summary: 'Commands for tests of the kernel.',
  commands: {
    publish: command({
      summary: 'Publishes an event.',
      input: objectSchema<PublishInput>(),
      output: objectSchema<Position>(),
      permission: { action: 'write', channel: 'channel' },
      rest: 'POST /test/{channel}',
    }),
    change: command({
      summary: 'Changes access.',
      input: objectSchema<{ readonly change: AccessChange; readonly say?: PublishInput }>(),
      output: objectSchema<object>(),
      permission: { action: 'manage' },
      rest: 'POST /test-change',
    }),
    count: command({
      summary: 'Adds one to a counter, resting on the value it read.',
      input: objectSchema<{ readonly channel: string }>(),
      output: objectSchema<{ readonly count: number }>(),
      permission: { action: 'write', channel: 'channel' },
      rest: 'POST /test-count/{channel}',
    }),
    history: command({
      summary: 'Reads events.',
      input: objectSchema<{
        readonly channel: string
        readonly after?: number
        readonly before?: number
        readonly limit?: number
      }>(),
      output: objectSchema<object>(),
      permission: { action: 'read', channel: 'channel' },
      rest: 'GET /test/{channel}',
      readOnly: true,
    }),
    redact: command({
      summary: 'Redacts an event.',
      input: objectSchema<{ readonly channel: string; readonly offset: number }>(),
      output: objectSchema<{ readonly done: boolean }>(),
      permission: { action: 'manage', channel: 'channel' },
      rest: 'DELETE /test/{channel}',
    }),
  },
  events: {},
})

/** Kinds of {@link testModule} unless others are given: one of each durability. */
export const testKinds: Readonly<Record<string, KindOptions>> = {
  durable: { durability: 'durable' },
  recent: { durability: 'recent' },
  live: { durability: 'ephemeral' },
}

/** A module with which the kernel can be tried: publish, history, counters, access changes. */
export function testModule(kinds: Readonly<Record<string, KindOptions>> = testKinds): Module {
  return implement(contract, {
    kinds: Object.entries(kinds).map(([name, options]) => defineKind('test', name, options)),
    handlers: {
      publish: {
        run: (ctx, { channel, data, type = 'message', id, tags }) => {
          ctx.append({ channel, type, data, id, tags })
          return {}
        },
        complete: (_output: never, positions) => positions[0] as Position,
      },
      change: (ctx, { change, say }) => {
        ctx.change(change)
        if (say !== undefined) ctx.append({ type: 'message', ...say })
        return {}
      },
      count: async (ctx, { channel }) => {
        const row = await ctx.record('counters', channel)
        const count = Number(row?.value ?? 0) + 1
        ctx.assert({ table: 'counters', key: channel, version: row?.version ?? 0 })
        ctx.write({ table: 'counters', key: channel, value: String(count) })
        ctx.append({ channel, type: 'counted', data: count })
        return { count }
      },
      history: (ctx, input) => ctx.channels.history({ limit: 100, ...input }),
      redact: async (ctx, { channel, offset }) => ({ done: await ctx.channels.redact(channel, offset) }),
    },
  })
}
