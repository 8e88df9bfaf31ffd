import { command, defineContract, ParleyError, type Position, type Schema } from '@parley/protocol'
import type { AccessChange, Context } from '../context.ts'
import { defineKind, type KindOptions } from '../kind.ts'
import { type Handler, implement, type Module } from '../module.ts'

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

export interface Membership {
  readonly channel: string
  readonly user: string
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
    publishMany: command({
      summary: 'Publishes events of any kinds in one unit.',
      input: objectSchema<{ readonly events: readonly PublishInput[] }>(),
      output: objectSchema<readonly Position[]>(),
      permission: 'anyone',
      rest: 'POST /test-many',
    }),
    admit: command({
      summary: 'Makes a user a member of a channel.',
      input: objectSchema<Membership>(),
      output: objectSchema<object>(),
      permission: 'anyone',
      rest: 'PUT /test-members/{channel}/{user}',
      orderBy: 'channel',
    }),
    kick: command({
      summary: 'Ends a membership, and with it the subscriptions.',
      input: objectSchema<Membership>(),
      output: objectSchema<object>(),
      permission: 'anyone',
      rest: 'DELETE /test-members/{channel}/{user}',
      orderBy: 'channel',
    }),
    say: command({
      summary: 'Publishes as a member, resting on the membership that it read.',
      input: objectSchema<{ readonly channel: string; readonly data: unknown }>(),
      output: objectSchema<Position>(),
      permission: 'anyone',
      rest: 'POST /test-say/{channel}',
      orderBy: 'channel',
    }),
    nest: command({
      summary: 'Runs another command as a part of itself.',
      input: objectSchema<{ readonly command: string; readonly input: unknown }>(),
      output: objectSchema<object>(),
      permission: 'anyone',
      rest: 'POST /test-nest',
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

const membersTable = 'members'

/** Called at the beginning of a handler, to make it slow or to have it fail. */
export type BeforeHandler = (command: string, ctx: Context, input: object) => Promise<void> | undefined

/**
 * A module with which the kernel can be tried: publish, history, counters, members, access changes. With `before`
 * every handler begins by that.
 */
export function testModule(
  kinds: Readonly<Record<string, KindOptions>> = testKinds,
  before?: BeforeHandler,
): Module {
  const module = makeModule(kinds)
  if (before === undefined) return module
  const handlers = Object.entries(module.handlers).map(([name, handler]) => [
    name,
    delayed(name, handler as Handler<object, unknown>, before),
  ])
  return { ...module, handlers: Object.fromEntries(handlers) }
}

function delayed(
  name: string,
  handler: Handler<object, unknown>,
  before: BeforeHandler,
): Handler<object, unknown> {
  const run = typeof handler === 'function' ? handler : handler.run
  const runDelayed = (ctx: Context, input: object) => {
    const wait = before(name, ctx, input)
    return wait === undefined ? run(ctx, input) : wait.then(() => run(ctx, input))
  }
  return typeof handler === 'function' ? runDelayed : { ...handler, run: runDelayed }
}

function makeModule(kinds: Readonly<Record<string, KindOptions>>): Module {
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
      publishMany: {
        run: (ctx, { events }) => {
          for (const event of events) ctx.append({ type: 'message', ...event })
          return {}
        },
        complete: (_output: never, positions) => positions,
      },
      admit: (ctx, { channel, user }) => {
        ctx.write({ table: membersTable, key: memberKey(channel, user), value: 'true' })
        return {}
      },
      kick: (ctx, { channel, user }) => {
        ctx.write({ table: membersTable, key: memberKey(channel, user), value: null })
        ctx.change({ type: 'unsubscribe', user, channel, reason: 'kicked' })
        ctx.append({ channel, type: 'kicked', data: user })
        return {}
      },
      say: {
        run: async (ctx, { channel, data }) => {
          const key = memberKey(channel, ctx.user ?? '')
          const member = await ctx.record(membersTable, key)
          if (member === undefined) throw new ParleyError('forbidden', 'Only members may say something.')
          ctx.assert({ table: membersTable, key, version: member.version })
          ctx.append({ channel, type: 'said', data })
          return {}
        },
        complete: (_output: never, positions) => positions[0] as Position,
      },
      nest: async (ctx, { command: name, input }) => (await ctx.call(name, input)) as object,
      history: (ctx, input) => ctx.channels.history({ limit: 100, ...input }),
      redact: async (ctx, { channel, offset }) => ({ done: await ctx.channels.redact(channel, offset) }),
    },
  })
}

function memberKey(channel: string, user: string): string {
  return `${channel} ${user}`
}
