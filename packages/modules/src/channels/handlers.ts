import type { Context, Flags, Handlers, Kind } from '@parley/kernel'
import { ParleyError, type Position } from '@parley/protocol'
import type { z } from 'zod'
import type { channels } from './contract.ts'
import { type publishInput, publishManyLimits } from './model.ts'
import { belongsToModule, defaultEventType, mayList } from './rules.ts'

type Publication = z.output<typeof publishInput>
type Given = { readonly id?: string }

/** The handlers of module `channels`; `modules` names those whose event types nobody else may publish. */
export function channelsHandlers(
  modules: () => ReadonlySet<string>,
  flags: Flags,
): Handlers<typeof channels> {
  return { ...publishing(modules, flags), ...reading, ...steering }
}

type Some<Name extends keyof typeof channels.commands> = Pick<Handlers<typeof channels>, Name>

function publishing(modules: () => ReadonlySet<string>, flags: Flags): Some<'publish' | 'publishMany'> {
  const append = (ctx: Context, publication: Publication): Given => {
    const { channel, type = defaultEventType, data, id, tags } = publication
    if (type !== defaultEventType) flags.require('customEventTypes')
    requireFreeType(type, modules())
    requireOwnKind(ctx.channels.kind(channel))
    ctx.append({ channel, type, data, id, tags })
    return id === undefined ? {} : { id }
  }
  return {
    publish: {
      run: append,
      complete: (given: Given, positions) => place(given, positions[0]),
    },
    publishMany: {
      run: async (ctx, { events }) => {
        flags.require('batchProcessing')
        await requireWrite(ctx, new Set(events.map((one) => one.channel)))
        return { given: events.map((one) => append(ctx, one)) }
      },
      complete: (output: { readonly given: readonly Given[] }, positions) => ({
        events: output.given.map((given, index) => place(given, positions[index])),
      }),
    },
  }
}

const reading: Some<'history' | 'presence' | 'presenceStats' | 'list' | 'get' | 'sessions' | 'kinds'> = {
  history: async (ctx, { filter, ...query }) => {
    const page = await ctx.channels.history(query, ctx.readFilter(query.channel, filter))
    return { ...page, events: [...page.events] }
  },
  presence: async (ctx, { channel, after }) => {
    requirePresence(ctx.channels.kind(channel))
    await ctx.channels.gather(channel)
    const { entries, next } = ctx.channels.state(channel, after)
    const members = entries.flatMap(({ name, session, user, value }) =>
      name === 'presence' && session !== undefined ? [{ session, user, value }] : [],
    )
    return { ...ctx.channels.presence(channel), members, next }
  },
  presenceStats: async (ctx, { channel }) => {
    requirePresence(ctx.channels.kind(channel))
    await ctx.channels.gather(channel)
    return ctx.channels.presence(channel)
  },
  list: async (ctx, { prefix = '', after, limit }) => {
    if (!mayList(ctx.identity, prefix))
      throw new ParleyError(
        'forbidden',
        `Listing channels under \`${prefix}\` needs \`manage\` on a pattern that covers them all.`,
        {
          details: { action: 'manage', pattern: `${prefix}*` },
        },
      )
    const found = await ctx.channels.list({ prefix, after, limit })
    const last = found.length === limit ? found.at(-1)?.channel : undefined
    return { channels: [...found], next: last }
  },
  get: async (ctx, { channel }) => {
    const kind = ctx.channels.kind(channel)
    const top = await ctx.channels.top(channel)
    if (kind.presence) await ctx.channels.gather(channel)
    return {
      ...top,
      channel,
      kind: kind.name,
      durability: kind.durability,
      ...ctx.channels.presence(channel),
    }
  },
  sessions: async (ctx, { user }) => ({ sessions: [...(await ctx.channels.sessions(user))] }),
  kinds: (ctx) => ({ kinds: ctx.channels.kinds().map(describeKind) }),
}

const steering: Some<'redact' | 'subscribe' | 'unsubscribe' | 'disconnect'> = {
  redact: async (ctx, { channel, offset }) => {
    requireModuleKind(ctx.channels.kind(channel))
    if (!(await ctx.channels.redact(channel, offset)))
      throw new ParleyError('not_found', `Channel \`${channel}\` holds no event at offset ${offset}.`)
    ctx.append({ channel, type: 'channels.redacted', data: { offset } })
    return {}
  },
  subscribe: (ctx, { channel, user }) => {
    ctx.channels.kind(channel)
    ctx.change({ type: 'subscribe', user, channel })
    return {}
  },
  unsubscribe: (ctx, { channel, user, reason }) => {
    ctx.change({ type: 'unsubscribe', user, channel, reason })
    return {}
  },
  disconnect: (ctx, { user, session, reason, reconnect }) => {
    const whom = user === undefined ? { session: session as string } : { user }
    ctx.change({ type: 'disconnect', ...whom, reason, reconnect })
    return {}
  },
}

function place(given: Given, position: Position | undefined) {
  if (position === undefined) throw new ParleyError('internal', 'A published event was given no position.')
  const { epoch, offset } = position
  return { id: given.id ?? `${epoch}-${offset}`, epoch, offset }
}

async function requireWrite(ctx: Context, targets: ReadonlySet<string>): Promise<void> {
  if (targets.size > publishManyLimits.maxChannels)
    throw new ParleyError(
      'channels.too_many_channels',
      `The events go to ${targets.size} channels; at most ${publishManyLimits.maxChannels} in one call.`,
    )
  for (const channel of targets) await ctx.require('write', channel)
}

function requireFreeType(type: string, modules: ReadonlySet<string>): void {
  if (belongsToModule(type, modules))
    throw new ParleyError(
      'forbidden',
      `Events of type \`${type}\` are published by their module only. Choose another name.`,
    )
}

function requireOwnKind(kind: Kind): void {
  if (kind.module !== 'channels')
    throw new ParleyError(
      'forbidden',
      `Channels of kind \`${kind.name}\` are written by the commands of module \`${kind.module}\`.`,
    )
}

// Access changes are a record that nothing may be taken from.
function requireModuleKind(kind: Kind): void {
  if (kind.module === 'kernel')
    throw new ParleyError('forbidden', `Channels of kind \`${kind.name}\` are never redacted.`)
}

function requirePresence(kind: Kind): void {
  if (!kind.presence)
    throw new ParleyError(
      'channels.no_presence',
      `Kind \`${kind.name}\` keeps no presence. Set \`presence: true\` for it.`,
    )
}

function describeKind(kind: Kind) {
  const { name, module, durability, presence, typing, filters, lane, slowConsumer } = kind
  const { access, retention, limits } = kind
  return {
    ...{ name, module, durability, presence, typing, filters, lane, slowConsumer },
    access: { ...access },
    retention: { ...retention },
    limits: { ...limits },
  }
}
