import { command, defineContract, event } from '@parley/protocol'
import { z } from 'zod'
import { cursor, nextPage, pageSize } from '../paging.ts'
import {
  channelEvent,
  channelName,
  done,
  eventId,
  filter,
  isPlainPublish,
  maxPage,
  moment,
  published,
  publishInput,
  publishManyLimits,
  userId,
} from './model.ts'

const limit = pageSize(maxPage, 100)
const subscription = z.strictObject({ channel: channelName, user: userId })
const top = z.object({ channel: z.string(), epoch: z.string(), head: z.int(), first: z.int() })

const publish = command({
  summary: 'Publish an event to a channel.',
  description:
    'An ack means that the event has its place: on disk in `durable` kinds, in memory in `recent` kinds. Event types ' +
    'are free, except for those that begin with the name of a module (`chat.…`). Only kinds of the configuration are ' +
    'published into; the kinds of other modules are written by their own commands.',
  input: publishInput,
  output: published,
  permission: { action: 'write', channel: 'channel' },
  rest: 'POST /channels/{channel}/events',
  flag: 'eventBroadcasting',
  precheck: isPlainPublish,
  example: { channel: 'chat:general', data: { text: 'Hello' } },
})

const publishMany = command({
  summary: 'Publish several events to one or more channels, all or none.',
  description: 'Events of `durable` kinds are stored in one commit; those of other kinds go out after it.',
  input: z.strictObject({
    events: z.array(publishInput).min(1).max(publishManyLimits.maxEvents),
  }),
  output: z.object({ events: z.array(published) }),
  permission: 'anyone',
  rest: 'POST /events',
  flag: 'eventBroadcasting',
  errors: {
    'channels.too_many_channels': `The events go to more than ${publishManyLimits.maxChannels} channels.`,
  },
  example: {
    events: [
      { channel: 'chat:general', data: { text: 'Hello' } },
      { channel: 'feed:news', type: 'headline', data: { title: 'Doors open' } },
    ],
  },
})

const history = command({
  summary: 'Read past events of a channel.',
  description:
    'Forward with `after` (an offset) or `since` (a time), else backward from `before` or the newest event. Events are ' +
    'in ascending order either way. Pass `next` as `after` (forward) or `before` (backward) to go on. Under a filter a ' +
    'page may hold fewer events than asked for while there are more: `next` tells.',
  input: z
    .strictObject({
      channel: channelName,
      after: z.int().min(0).optional().meta({ description: 'Forward from this offset, exclusive.' }),
      before: z.int().min(1).optional().meta({ description: 'Backward from this offset, exclusive.' }),
      since: moment.optional().meta({ description: 'Forward from this time, in milliseconds since 1970.' }),
      limit,
      filter: filter.optional(),
    })
    .refine(
      ({ after, before, since }) => [after, before, since].filter((given) => given !== undefined).length <= 1,
      'Give one of `after`, `before` and `since`',
    ),
  output: z.object({
    events: z.array(channelEvent),
    epoch: z.string(),
    head: z.int().meta({ description: 'Offset of the newest event; 0 when there was none.' }),
    first: z.int().meta({ description: 'Lowest offset that can still be read.' }),
    next: z.int().optional(),
  }),
  permission: { action: 'read', channel: 'channel' },
  rest: 'GET /channels/{channel}/events',
  readOnly: true,
  flag: 'eventReplay',
  example: { channel: 'chat:general', limit: 50 },
})

const presence = command({
  summary: 'Who is in a channel, page by page.',
  description:
    'A session counts once it has subscribed without `silent`. Who wants to be told of changes subscribes with `state: true` instead of asking again.',
  input: z.strictObject({ channel: channelName, after: cursor }),
  output: z.object({
    sessions: z.int(),
    users: z.int(),
    members: z.array(z.object({ session: z.string(), user: z.string().optional(), value: z.unknown() })),
    next: nextPage,
  }),
  permission: { action: 'presence', channel: 'channel' },
  rest: 'GET /channels/{channel}/presence',
  flag: 'presenceManagement',
  readOnly: true,
  errors: {
    'channels.no_presence': 'The kind of this channel keeps no presence. Set `presence: true` for it.',
  },
  example: { channel: 'chat:general' },
})

const presenceStats = command({
  summary: 'How many sessions and users are in a channel.',
  description:
    'Costs the same however many there are. Who wants to be told of changes subscribes with `occupancy: true`.',
  input: z.strictObject({ channel: channelName }),
  output: z.object({ sessions: z.int(), users: z.int() }),
  permission: { action: 'presence', channel: 'channel' },
  rest: 'GET /channels/{channel}/presence/stats',
  flag: 'presenceManagement',
  readOnly: true,
  errors: {
    'channels.no_presence': 'The kind of this channel keeps no presence. Set `presence: true` for it.',
  },
  example: { channel: 'chat:general' },
})

const list = command({
  summary: 'Channels of the app that hold events, by name.',
  description: 'Needs the capability `manage` on a pattern that covers everything under the prefix.',
  input: z.strictObject({
    prefix: z.string().max(200).optional().meta({ description: 'Only names that begin so, as in `chat:`.' }),
    after: channelName.optional().meta({ description: 'Go on after this name.' }),
    limit,
  }),
  output: z.object({ channels: z.array(top), next: nextPage }),
  permission: 'anyone',
  rest: 'GET /channels',
  readOnly: true,
  example: { prefix: 'chat:' },
})

const get = command({
  summary: 'Where a channel stands: its kind, its newest offset, who is in it.',
  description: 'A channel exists as soon as it is named: one without events has head 0 and its epoch.',
  input: z.strictObject({ channel: channelName }),
  output: top.extend({ kind: z.string(), durability: z.string(), sessions: z.int(), users: z.int() }),
  permission: { action: 'read', channel: 'channel' },
  rest: 'GET /channels/{channel}',
  readOnly: true,
  example: { channel: 'chat:general' },
})

const redact = command({
  summary: 'Take the words of one event away; its place in the channel stays.',
  description:
    'Data, tags and id are in no file afterwards, and clients that hold the event are told to drop it.',
  input: z.strictObject({ channel: channelName, offset: z.int().min(1) }),
  output: done,
  permission: { action: 'manage', channel: 'channel' },
  rest: 'DELETE /channels/{channel}/events/{offset}',
  example: { channel: 'chat:general', offset: 17 },
})

const subscribe = command({
  summary: 'Subscribe the connected sessions of a user to a channel.',
  description: 'The user must be allowed to read the channel; sessions that connect later are not concerned.',
  input: subscription,
  output: done,
  permission: { action: 'manage', channel: 'channel' },
  rest: 'PUT /channels/{channel}/subscriptions/{user}',
  example: { channel: 'chat:general', user: 'ada' },
})

const unsubscribe = command({
  summary: 'End the subscriptions of a user to a channel.',
  description:
    'Clients are told the reason and do not subscribe again by themselves. What the user may do stays as it is: take the capability or the membership away to keep them out.',
  input: subscription.extend({ reason: z.string().max(200).default('unsubscribed_by_server') }),
  output: done,
  permission: { action: 'manage', channel: 'channel' },
  rest: 'DELETE /channels/{channel}/subscriptions/{user}',
  example: { channel: 'chat:general', user: 'ada' },
})

const sessions = command({
  summary: 'The sessions of a user on this node.',
  description: 'A session is one connection of one device, or what waits for it to come back.',
  input: z.strictObject({ user: userId }),
  output: z.object({
    sessions: z.array(
      z.object({
        session: z.string(),
        user: z.string().optional(),
        device: z
          .object({ id: z.string(), name: z.string().optional(), kind: z.string().optional() })
          .optional(),
        transport: z.string(),
        connected: z.boolean(),
        since: moment,
        channels: z.int(),
      }),
    ),
  }),
  permission: { action: 'manage' },
  rest: 'GET /users/{user}/sessions',
  readOnly: true,
  example: { user: 'ada' },
})

const disconnect = command({
  summary: 'Disconnect a user, or one session.',
  description:
    'With `reconnect: false` clients stay away until somebody connects them again; credentials stay good.',
  input: z
    .strictObject({
      user: userId.optional(),
      session: z.string().min(1).max(128).optional(),
      reason: z.string().max(200).default('disconnected_by_server'),
      reconnect: z.boolean().default(false),
    })
    .refine(
      ({ user, session }) => (user === undefined) !== (session === undefined),
      'Give `user` or `session`',
    ),
  output: done,
  permission: { action: 'manage' },
  rest: 'POST /disconnect',
  example: { user: 'ada', reason: 'account_closed' },
})

const kinds = command({
  summary: 'The kinds of channels that this server has.',
  description: 'With what is in force after defaults, modules’ own kinds among them.',
  input: z.strictObject({}),
  output: z.object({
    kinds: z.array(
      z.object({
        name: z.string(),
        module: z.string(),
        durability: z.enum(['ephemeral', 'recent', 'durable']),
        presence: z.boolean(),
        typing: z.boolean(),
        filters: z.boolean(),
        lane: z.string(),
        slowConsumer: z.string(),
        access: z.record(z.string(), z.string()),
        retention: z.object({ maxEvents: z.int(), maxAgeMs: z.int(), maxBytes: z.int() }),
        limits: z.record(z.string(), z.number()),
      }),
    ),
  }),
  permission: 'anyone',
  rest: 'GET /kinds',
  readOnly: true,
  example: {},
})

/** Publishing and reading channels whose kinds are declared in the configuration, and looking after all channels. */
export const channels = defineContract({
  name: 'channels',
  summary: 'Publish to channels, read their history, see and steer who is in them.',
  commands: {
    publish,
    publishMany,
    history,
    presence,
    presenceStats,
    list,
    get,
    redact,
    subscribe,
    unsubscribe,
    sessions,
    disconnect,
    kinds,
  },
  events: {
    message: event(
      'A published event without a type of its own. Publishers choose other types freely; their data is theirs.',
      z.unknown(),
    ),
    'channels.redacted': event(
      'An event of this channel was redacted: forget its data, tags and id.',
      z.object({ offset: z.int(), id: eventId.optional() }),
    ),
  },
})
