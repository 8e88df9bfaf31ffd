import { command, defineContract, ParleyError, type Position, type Schema } from '@parley/protocol'
import type { AppendedEvent, Context } from '../../context.ts'
import { defineKind, type KindOptions } from '../../kind.ts'
import { implement, type Module, type ModuleServices } from '../../module.ts'

/** A schema that takes every object as it is: the simulation sends nothing else. */
function anything<T extends object>(): Schema<T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'parley-simulation',
      validate: (value) =>
        typeof value === 'object' && value !== null
          ? { value: value as T }
          : { issues: [{ message: 'expected an object' }] },
    },
  }
}

type Tags = Readonly<Record<string, string>>

export interface PublishInput {
  readonly channel: string
  readonly id: string
  readonly tags: Tags
}

export interface EditInput extends PublishInput {
  /** Id of the event that is edited. */
  readonly target: string
}

export interface MembershipInput {
  readonly channel: string
  readonly id: string
  readonly user: string
}

const contract = defineContract({
  name: 'sim',
  summary: 'Commands of the simulated application.',
  commands: {
    publish: command({
      summary: 'Publishes an event.',
      input: anything<PublishInput>(),
      output: anything<Position>(),
      permission: { action: 'write', channel: 'channel' },
      rest: 'POST /sim/{channel}',
    }),
    send: command({
      summary: 'Writes a message that can be edited.',
      input: anything<PublishInput>(),
      output: anything<Position>(),
      permission: { action: 'write', channel: 'channel' },
      rest: 'POST /sim-messages/{channel}',
    }),
    edit: command({
      summary: 'Edits a message, resting on what it read.',
      input: anything<EditInput>(),
      output: anything<Position>(),
      permission: { action: 'write', channel: 'channel' },
      rest: 'PATCH /sim-messages/{channel}',
    }),
    publishMany: command({
      summary: 'Publishes events of several channels in one unit.',
      input: anything<{ readonly events: readonly PublishInput[] }>(),
      output: anything<readonly Position[]>(),
      permission: 'anyone',
      rest: 'POST /sim-many',
    }),
    say: command({
      summary: 'Publishes as a member, resting on the membership that it read.',
      input: anything<PublishInput>(),
      output: anything<Position>(),
      permission: 'anyone',
      rest: 'POST /sim-say/{channel}',
      orderBy: 'channel',
    }),
    admit: command({
      summary: 'Makes a user a member of a channel.',
      input: anything<MembershipInput>(),
      output: anything<Position>(),
      permission: { action: 'manage' },
      rest: 'PUT /sim-members/{channel}/{user}',
      orderBy: 'channel',
    }),
    kick: command({
      summary: 'Ends a membership, and with it the subscriptions.',
      input: anything<MembershipInput>(),
      output: anything<Position>(),
      permission: { action: 'manage' },
      rest: 'DELETE /sim-members/{channel}/{user}',
      orderBy: 'channel',
    }),
    redact: command({
      summary: 'Makes an event a tombstone.',
      input: anything<{ readonly channel: string; readonly offset: number; readonly epoch: string }>(),
      output: anything<object>(),
      permission: { action: 'manage' },
      rest: 'DELETE /sim/{channel}',
      orderBy: 'channel',
    }),
    history: command({
      summary: 'Reads events.',
      input: anything<{
        readonly channel: string
        readonly after?: number
        readonly before?: number
        readonly limit: number
      }>(),
      output: anything<object>(),
      permission: { action: 'read', channel: 'channel' },
      rest: 'GET /sim/{channel}',
      readOnly: true,
    }),
  },
  events: {},
})

/** How long entries of keyed state stay whose node is gone. */
export const presenceGraceMs = 1_500

/** Kinds of the simulated application, by the durability that they stand for. */
export const simulatedKinds = {
  room: { durability: 'durable', presenceGraceMs },
  club: { durability: 'durable', lane: 'high', presenceGraceMs },
  feed: { durability: 'recent', lane: 'high', retention: { maxEvents: 80 }, presenceGraceMs },
  live: { durability: 'ephemeral', lane: 'low', presenceGraceMs },
} as const satisfies Readonly<Record<string, KindOptions>>

const messages = 'messages'
const members = 'members'

const place = (_output: never, positions: readonly Position[]): Position => positions[0] as Position

/** The domain of the simulation: messages, memberships, and what connects them. One object for each node. */
export function simulatedModule(): Module {
  let services: ModuleServices | undefined
  const isMember = async (app: string, channel: string, user: string): Promise<boolean> => {
    if (services === undefined) throw new ParleyError('unavailable')
    const record = await services.record(app, members, memberKey(channel, user))
    return record?.value === 'true'
  }
  const club: KindOptions = {
    ...simulatedKinds.club,
    authorize: ({ identity, channel }) => isMember(identity.app, channel, identity.user ?? ''),
  }
  const kinds = { ...simulatedKinds, club }
  return implement(contract, {
    kinds: Object.entries(kinds).map(([name, options]) => defineKind('sim', name, options)),
    start: (given) => {
      services = given
    },
    handlers: {
      publish: { run: (ctx, input) => append(ctx, 'published', input), complete: place },
      send: {
        run: (ctx, input) => {
          ctx.write({ table: messages, key: input.id, value: input.id })
          return append(ctx, 'sent', input)
        },
        complete: place,
      },
      edit: { run: edit, complete: place },
      publishMany: {
        run: (ctx, { events }) => {
          for (const event of events) append(ctx, 'published', event)
          return {}
        },
        complete: (_output: never, positions) => positions,
      },
      say: { run: say, complete: place },
      admit: {
        run: (ctx, { channel, id, user }) => {
          ctx.write({ table: members, key: memberKey(channel, user), value: 'true' })
          append(ctx, 'admitted', { channel, id, tags: {} }, { user })
          ctx.change({ type: 'permissions', user, channel })
          return {}
        },
        complete: place,
      },
      kick: {
        run: (ctx, { channel, id, user }) => {
          ctx.write({ table: members, key: memberKey(channel, user), value: 'false' })
          append(ctx, 'kicked', { channel, id, tags: {} }, { user })
          ctx.change({ type: 'unsubscribe', user, channel, reason: 'kicked' })
          return {}
        },
        complete: place,
      },
      redact: async (ctx, { channel, offset, epoch }) => {
        const top = await ctx.channels.top(channel)
        if (top.epoch !== epoch) throw new ParleyError('not_found', 'This is not the stream any more.')
        ctx.redact(channel, offset)
        return {}
      },
      history: (ctx, input) => ctx.channels.history(input),
    },
  })
}

async function edit(ctx: Context, input: EditInput): Promise<object> {
  const message = await ctx.record(messages, input.target)
  if (message === undefined) throw new ParleyError('not_found', `There is no message ${input.target}.`)
  ctx.assert({ table: messages, key: input.target, version: message.version })
  ctx.write({ table: messages, key: input.target, value: input.id })
  return append(ctx, 'edited', input, { target: input.target })
}

async function say(ctx: Context, input: PublishInput): Promise<object> {
  const key = memberKey(input.channel, ctx.user ?? '')
  const member = await ctx.record(members, key)
  if (member?.value !== 'true') throw new ParleyError('forbidden', 'Only members may say something.')
  ctx.assert({ table: members, key, version: member.version })
  return append(ctx, 'said', input)
}

/** The id of an event is in its data too, so that neither can be exchanged unnoticed. */
function append(ctx: Context, type: string, input: PublishInput, more: object = {}): object {
  const { channel, id, tags } = input
  const event: AppendedEvent = { channel, type: `sim.${type}`, id, tags, data: { n: id, ...more } }
  ctx.append(event)
  return {}
}

function memberKey(channel: string, user: string): string {
  return `${channel} ${user}`
}
