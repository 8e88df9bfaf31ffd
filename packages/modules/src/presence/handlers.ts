import type { Context, Handlers } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { presenceContract } from './contract.ts'
import type { Directory } from './directory.ts'
import {
  contactsKind,
  type Presence,
  type PresenceOf,
  type Profile,
  presenceKind,
  type Settings,
} from './model.ts'
import type { Person, Place } from './person.ts'
import type { Profiles } from './profiles.ts'
import { isFor, statusAt } from './rules.ts'
import { presenceLog, presenceStore } from './store.ts'
import type { Watchers } from './watchers.ts'

/** What the handlers work with, once the node has started. */
export interface PresenceParts {
  readonly directory: Directory
  readonly profiles: Profiles
  readonly watchers: Watchers
}

type All = Handlers<typeof presenceContract>

/** The handlers of module `presence`. */
export function presenceHandlers(parts: () => PresenceParts): All {
  return { ...telling(parts), ...asking(parts), ...keeping(parts) }
}

function telling(parts: () => PresenceParts): Pick<All, 'set' | 'setStatus' | 'clearStatus' | 'setSettings'> {
  const change = async (ctx: Context, user: string, changed: (profile: Profile) => Profile) => {
    const { directory, profiles } = parts()
    const known = await profiles.change(ctx.app, user, changed)
    directory.changed(ctx.app, user, known, known.isForOthers)
    return known.profile
  }
  const setStatus = async (ctx: Context, user: string, status: Profile['status']) => {
    const profile = await change(ctx, user, (before) => ({ ...before, status }))
    return own(ctx, user, profile, parts())
  }
  return {
    set: async (ctx, { user: named, availability, activity, where, leaseMs }) => {
      const user = await whose(ctx, named)
      const { directory, profiles } = parts()
      if (activity !== undefined || where !== undefined) {
        const session = user === ctx.user ? ctx.session : undefined
        directory.report(ctx.app, user, session, { activity, where, leaseMs })
      }
      const person = await directory.ready(ctx.app, user)
      let profile = person?.profile ?? (await profiles.read(ctx.app, user)).profile
      if (availability !== undefined && availability !== profile.availability)
        profile = await change(ctx, user, (before) => ({ ...before, availability }))
      return own(ctx, user, profile, parts())
    },
    setStatus: async (ctx, { user: named, ...status }) => {
      const user = await whose(ctx, named)
      if (statusAt({ status }, ctx.clock.now()) === undefined)
        throw new ParleyError(
          'presence.status_over',
          'The status would have ended already. Give a time to come in `until`.',
        )
      return setStatus(ctx, user, status)
    },
    clearStatus: async (ctx, { user }) => setStatus(ctx, await whose(ctx, user), undefined),
    setSettings: async (ctx, { user: named, ...changes }) => {
      const user = await whose(ctx, named)
      const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
      return settingsOf(await change(ctx, user, (before) => ({ ...before, ...(given as Partial<Settings>) })))
    },
  }
}

function asking(
  parts: () => PresenceParts,
): Pick<All, 'of' | 'settings' | 'history' | 'devices' | 'members'> {
  return {
    of: async (ctx, { users }) => ({ users: await presenceOfAll(ctx, users, parts()) }),
    settings: async (ctx, { user: named }) => {
      const user = await whose(ctx, named)
      return settingsOf((await presenceStore(ctx).profile(user)).profile)
    },
    history: async (ctx, { user: named, after = 0, limit }) => {
      const user = await whose(ctx, named)
      const changes = await presenceLog(ctx).history(user, after, limit)
      const next = changes.length === limit ? changes.at(-1)?.at : undefined
      return { changes: [...changes], next }
    },
    devices: async (ctx, { user: named }) => {
      const user = await whose(ctx, named)
      const places = parts().directory.find(ctx.app, user)?.places.values() ?? []
      return { devices: joinByDevice(places) }
    },
    members: async (ctx, { channel, after, limit }) => {
      const kind = ctx.channels.kind(channel)
      if (!kind.presence)
        throw new ParleyError(
          'presence.not_kept',
          `Kind \`${kind.name}\` keeps no presence. Set \`presence: true\` for it.`,
        )
      await ctx.channels.gather(channel)
      const members = [...ctx.channels.members(channel, after, limit)]
      const next = members.length === limit ? members.at(-1)?.user : undefined
      return { ...ctx.channels.presence(channel), members, next }
    },
  }
}

function keeping(parts: () => PresenceParts): Pick<All, 'contacts' | 'addContacts' | 'removeContacts'> {
  const setContacts = async (
    ctx: Context,
    { user: named, contacts }: { readonly user?: string | undefined; readonly contacts: readonly string[] },
    isContact: boolean,
  ) => {
    const user = await whose(ctx, named)
    const { directory, profiles, watchers } = parts()
    const { changed, count, known } = await profiles.setContacts(ctx.app, user, contacts, isContact)
    if (known !== undefined) directory.changed(ctx.app, user, known, true)
    const channel = `${contactsKind}:${user}`
    if (watchers.isWatched(ctx.app, channel)) {
      if (isContact) watchers.watch(ctx.app, channel, changed, await present(ctx.app, changed, directory))
      else watchers.unwatch(ctx.app, channel, changed)
    }
    return { contacts: count }
  }
  return {
    contacts: async (ctx, { user: named, after, limit }) => {
      const user = await whose(ctx, named)
      const contacts = await presenceStore(ctx).contacts(user, after, limit)
      const found = new Map((await presenceOfAll(ctx, contacts, parts(), user)).map((one) => [one.user, one]))
      // Whom one may not see is a contact all the same.
      const hidden = (contact: string): PresenceOf => ({ user: contact, availability: 'offline' })
      return {
        contacts: contacts.map((contact) => found.get(contact) ?? hidden(contact)),
        next: contacts.length === limit ? contacts.at(-1) : undefined,
      }
    },
    addContacts: (ctx, input) => setContacts(ctx, input, true),
    removeContacts: (ctx, input) => setContacts(ctx, input, false),
  }
}

/** Those of some users who are present, with everything known that decides who sees them. */
export async function present(
  app: string,
  users: Iterable<string>,
  directory: Directory,
): Promise<readonly Person[]> {
  const found = [...users].filter((user) => directory.find(app, user) !== undefined)
  const people = await Promise.all(found.map((user) => directory.ready(app, user)))
  return people.filter((person) => person !== undefined)
}

/** Whom a command is about: the caller, or somebody for whom the caller may manage. */
async function whose(ctx: Context, named: string | undefined): Promise<string> {
  if (named !== undefined && named !== ctx.user) {
    await ctx.require('manage', `${presenceKind}:${named}`)
    return named
  }
  if (ctx.user === undefined)
    throw new ParleyError('presence.no_user', 'This identity names no user. Say whose presence is meant.')
  // Refuses users whose names fit into no channel.
  ctx.channels.kind(`${presenceKind}:${ctx.user}`)
  return ctx.user
}

/** The presence of a user as they themselves see it. */
async function own(
  ctx: Context,
  user: string,
  profile: Profile,
  { directory }: PresenceParts,
): Promise<PresenceOf> {
  const person = directory.find(ctx.app, user)
  const presence = person === undefined ? undefined : directory.presence(person)
  if (presence !== undefined) return { user, ...presence }
  return offline(user, statusAt(profile, ctx.clock.now()), await presenceStore(ctx).seen(user))
}

function offline(user: string, status: Profile['status'], lastSeen: number | undefined): PresenceOf {
  return {
    user,
    availability: 'offline',
    ...(status === undefined ? {} : { status }),
    ...(lastSeen === undefined ? {} : { lastSeen }),
  }
}

/** The presence of users as the caller, or `viewer`, may see it; the others are left out. */
async function presenceOfAll(
  ctx: Context,
  users: readonly string[],
  parts: PresenceParts,
  viewer: string | undefined = ctx.user,
): Promise<PresenceOf[]> {
  const asked = [...new Set(users)]
  const found = await Promise.all(asked.map((user) => presenceOfOne(ctx, user, viewer, parts)))
  return found.filter((one) => one !== undefined)
}

async function presenceOfOne(
  ctx: Context,
  user: string,
  viewer: string | undefined,
  parts: PresenceParts,
): Promise<PresenceOf | undefined> {
  const refused = await ctx.require('read', `${presenceKind}:${user}`).then(
    () => false,
    (error: unknown) => isForbidden(error),
  )
  if (refused) return undefined
  const person = await parts.directory.ready(ctx.app, user)
  const isSelf = user === viewer
  const shown: Presence | undefined =
    person === undefined ? undefined : isSelf ? parts.directory.presence(person) : person.shown
  if (shown !== undefined) return { user, ...shown }
  const store = presenceStore(ctx)
  const { profile } = await store.profile(user)
  const status = statusAt(profile, ctx.clock.now())
  const isContact =
    profile.lastSeen === 'contacts' && viewer !== undefined && (await store.isContact(user, viewer))
  const isBackend = ctx.identity.role === 'backend' && viewer === undefined
  const isSeen = isBackend || isFor(profile.lastSeen, { isSelf, isContact })
  return offline(user, status, isSeen ? await store.seen(user) : undefined)
}

function isForbidden(error: unknown): boolean {
  if (error instanceof ParleyError && error.code === 'forbidden') return true
  throw error
}

function settingsOf({ availability, visibility, lastSeen, invisible, history }: Profile): Settings {
  return { availability, visibility, lastSeen, invisible, history }
}

/** The devices of a user; sessions of one device together. */
function joinByDevice(places: Iterable<Place>) {
  const byDevice = new Map<string, Place[]>()
  for (const place of places) {
    const { device } = place.device
    byDevice.set(device, [...(byDevice.get(device) ?? []), place])
  }
  return [...byDevice.values()].map((list) => {
    const latest = list.reduce((one, other) => (other.toldAt >= one.toldAt ? other : one))
    return {
      ...latest.device,
      sessions: list.length,
      connected: list.some(({ isConnected }) => isConnected),
      ...(latest.activity === 'none' ? {} : { activity: latest.activity }),
      ...(latest.where === undefined ? {} : { where: latest.where }),
      since: Math.min(...list.map(({ since }) => since)),
    }
  })
}
