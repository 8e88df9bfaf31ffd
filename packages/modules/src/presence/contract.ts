import { command, defineContract, event } from '@parley/protocol'
import { z } from 'zod'
import { channelName, moment, userId } from '../channels/model.ts'
import { cursor, nextPage, pageSize } from '../paging.ts'
import {
  activity,
  availability,
  choice,
  device,
  joinPresence,
  presence,
  presenceLimits,
  presenceOf,
  presenceState,
  settings,
  status,
  where,
} from './model.ts'

const flag = 'presenceManagement'
/** Whom a command is about; a back end names somebody, a user means themselves. */
const self = userId
  .optional()
  .meta({ description: 'Whose; default: your own. Somebody else needs `manage` on `presence:<user>`.' })
const afterUser = userId.optional().meta({ description: 'Go on after this user.' })
const limit = pageSize(presenceLimits.page, 100)
const contactNames = z.array(userId).min(1).max(100)
const noUser = 'This identity names no user. Say whose presence is meant.'

const set = command({
  summary: 'Say what you do, and how you want to appear.',
  description:
    '`availability` is a choice for all devices of the user and stays until it is changed: `online` follows the ' +
    'devices, `away` and `busy` stand. `activity` and `where` are of the session that calls; without a session (over ' +
    'REST) they hold for `leaseMs`, and keep a user present who has no connection.',
  input: z.strictObject({
    user: self,
    availability: choice.optional(),
    activity: activity.optional(),
    where: where.nullable().optional().meta({ description: 'null: nowhere in particular.' }),
    leaseMs: z.int().min(0).max(600_000).default(60_000),
  }),
  output: presenceOf,
  permission: 'anyone',
  rest: 'PUT /presence',
  flag,
  ephemeral: true,
  errors: { 'presence.no_user': noUser },
  example: { activity: 'editing', where: 'doc:plan' },
})

const setStatus = command({
  summary: 'Set a status: an emoji, a line of text, or both.',
  description: 'Shown to those who may see your presence.',
  input: z
    .strictObject({ user: self, ...status.shape })
    .refine(({ emoji, text }) => emoji !== undefined || text !== undefined, 'Give `emoji` or `text`'),
  output: presenceOf,
  permission: 'anyone',
  rest: 'PUT /presence/status',
  flag,
  errors: {
    'presence.no_user': noUser,
    'presence.status_over': 'The status would have ended already. Give a time to come in `until`.',
  },
  example: { emoji: '🏖️', text: 'On holiday' },
})

const clearStatus = command({
  summary: 'Take the status away.',
  description: 'Availability and activity stay as they are.',
  input: z.strictObject({ user: self }),
  output: presenceOf,
  permission: 'anyone',
  rest: 'DELETE /presence/status',
  flag,
  errors: { 'presence.no_user': noUser },
  example: {},
})

const of = command({
  summary: 'The presence of some users.',
  description: 'Users whose presence you may not see are left out of the answer.',
  input: z.strictObject({ users: z.array(userId).min(1).max(presenceLimits.asked) }),
  output: z.object({ users: z.array(presenceOf) }),
  permission: 'anyone',
  rest: 'GET /presence',
  flag,
  readOnly: true,
  example: { users: ['ada', 'grace'] },
})

const contacts = command({
  summary: 'Your contacts by name, with their presence.',
  description: 'Page by page. What is shown of them follows their settings.',
  input: z.strictObject({ user: self, after: afterUser, limit }),
  output: z.object({ contacts: z.array(presenceOf), next: userId.optional() }),
  permission: 'anyone',
  rest: 'GET /presence/contacts',
  flag,
  readOnly: true,
  errors: { 'presence.no_user': noUser },
  example: {},
})

const addContacts = command({
  summary: 'Add users to your contacts: `contacts:<you>` shows their presence.',
  description: 'What is shown of them follows their settings.',
  input: z.strictObject({ user: self, contacts: contactNames }),
  output: z.object({ contacts: z.int().meta({ description: 'How many you have now.' }) }),
  permission: 'anyone',
  rest: 'POST /presence/contacts',
  flag,
  errors: {
    'presence.no_user': noUser,
    'presence.too_many_contacts': `A user has at most ${presenceLimits.contacts} contacts. Remove some.`,
  },
  example: { contacts: ['grace'] },
})

const removeContacts = command({
  summary: 'Remove users from your contacts.',
  description: 'Their presence leaves `contacts:<you>` at once.',
  input: z.strictObject({ user: self, contacts: contactNames }),
  output: z.object({ contacts: z.int() }),
  permission: 'anyone',
  rest: 'DELETE /presence/contacts',
  flag,
  errors: { 'presence.no_user': noUser },
  example: { contacts: ['grace'] },
})

const getSettings = command({
  summary: 'How you appear, and to whom.',
  description: 'Visibility of presence and of the time when you were last seen.',
  input: z.strictObject({ user: self }),
  output: settings,
  permission: 'anyone',
  rest: 'GET /presence/settings',
  flag,
  readOnly: true,
  errors: { 'presence.no_user': noUser },
  example: {},
})

const setSettings = command({
  summary: 'Change how you appear, and to whom.',
  description: 'Acts at once.',
  input: z.strictObject({ user: self, ...settings.partial().shape }),
  output: settings,
  permission: 'anyone',
  rest: 'PATCH /presence/settings',
  flag,
  errors: { 'presence.no_user': noUser },
  example: { lastSeen: 'contacts' },
})

const history = command({
  summary: 'When a user was available, oldest first.',
  description:
    `Kept for ${presenceLimits.historyDays} days, unless the user has switched it off, and as others saw it: the time ` +
    'in which a user was invisible is told as offline. Changes that last seconds may be left out.',
  input: z.strictObject({
    user: self,
    after: moment.optional().meta({ description: 'Go on after this time.' }),
    limit: pageSize(presenceLimits.historyPage, 100),
  }),
  output: z.object({
    changes: z.array(z.object({ at: moment, availability })),
    next: moment.optional(),
  }),
  permission: 'anyone',
  rest: 'GET /presence/history',
  flag,
  readOnly: true,
  errors: { 'presence.no_user': noUser },
  example: {},
})

const devices = command({
  summary: 'Your devices that are connected, and what you do on each.',
  description: 'With the id and name that each client gave. Only you see it.',
  input: z.strictObject({ user: self }),
  output: z.object({
    devices: z.array(
      device.extend({
        sessions: z.int(),
        connected: z.boolean().meta({ description: 'False: the connection broke a moment ago.' }),
        activity: activity.optional(),
        where: where.optional(),
        since: moment,
      }),
    ),
  }),
  permission: 'anyone',
  rest: 'GET /presence/devices',
  flag,
  readOnly: true,
  errors: { 'presence.no_user': noUser },
  example: {},
})

const members = command({
  summary: 'Users who are in a channel, by name and page by page.',
  description:
    'For channels of any size: a page takes one walk over the names. `channels.presence` has the values beside the ' +
    'names. Whoever comes or goes between two pages may be missing or be told once too often.',
  input: z.strictObject({ channel: channelName, after: cursor, limit }),
  output: z.object({
    sessions: z.int(),
    users: z.int(),
    members: z.array(z.object({ user: z.string(), sessions: z.int() })),
    next: nextPage,
  }),
  permission: { action: 'presence', channel: 'channel' },
  rest: 'GET /presence/channels/{channel}/members',
  flag,
  readOnly: true,
  errors: { 'presence.not_kept': 'The kind of this channel keeps no presence. Set `presence: true` for it.' },
  example: { channel: 'chat:general' },
})

const shown = presence.extend({ channel: z.string(), user: z.string() })

/** Commands, events and states of module `presence`. */
export const presenceContract = defineContract({
  name: 'presence',
  summary: 'Who is here, on which devices, doing what.',
  commands: {
    set,
    setStatus,
    clearStatus,
    of,
    contacts,
    addContacts,
    removeContacts,
    settings: getSettings,
    setSettings,
    history,
    devices,
    members,
  },
  events: {
    'presence.online': event('A user has come: there was no entry, now there is one.', shown),
    'presence.updated': event('Availability, activity, place or status of a user have changed.', shown),
    'presence.offline': event('A user has gone; the data is what they had last.', shown),
    'device.connected': event('One of your devices has connected.', device),
    'device.disconnected': event('The last session of one of your devices has gone.', device),
  },
  states: {
    [presenceState]: {
      summary: 'The presence of a user, in `presence:<user>` and `contacts:<user>`. Offline users have none.',
      value: presence,
      merge: joinPresence,
      events: { began: 'presence.online', changed: 'presence.updated', ended: 'presence.offline' },
    },
  },
})
