import {
  type Access,
  type AuthorizeRequest,
  defineKind,
  implement,
  type Kind,
  type Module,
  type ModuleServices,
  type SessionListener,
} from '@parley/kernel'
import { ParleyError, parseChannelName } from '@parley/protocol'
import { presenceContract } from './contract.ts'
import { Directory } from './directory.ts'
import { type PresenceParts, present, presenceHandlers } from './handlers.ts'
import { Journal } from './journal.ts'
import { contactsKind, devicesKind, presenceKind, presenceLimits } from './model.ts'
import { Profiles } from './profiles.ts'
import { isFor } from './rules.ts'
import { presenceLog } from './store.ts'
import { idOf, Watchers } from './watchers.ts'

export interface PresenceOptions {
  /**
   * Who may see the presence of others, as far as these let them: every user of the app (`user`, the default), or who
   * has the capability `read` on `presence:<user>` (`granted`).
   */
  readonly view?: 'user' | 'granted' | undefined
  /** How long a user stays present after the last connection broke. Default 5 s. */
  readonly graceMs?: number | undefined
  /** How long after a start those are waited for who were present before. Default 15 s. */
  readonly restartGraceMs?: number | undefined
  /** After so long without a frame from any device a user is away. Default 5 min. */
  readonly idleAfterMs?: number | undefined
}

const defaults = { view: 'user', graceMs: 5_000, restartGraceMs: 15_000, idleAfterMs: 300_000 } as const

/** Module `presence`: who is here, on which devices, doing what. */
export function presenceModule(options: PresenceOptions = {}): Module {
  const { view = defaults.view, restartGraceMs = defaults.restartGraceMs } = options
  const timing = {
    graceMs: options.graceMs ?? defaults.graceMs,
    idleAfterMs: options.idleAfterMs ?? defaults.idleAfterMs,
  }
  let running: (PresenceParts & { readonly journal: Journal }) | undefined
  const parts = () => {
    if (running === undefined) throw new ParleyError('unavailable', 'Presence is not ready. Try again.')
    return running
  }
  return implement(presenceContract, {
    kinds: presenceKinds(view, parts),
    handlers: presenceHandlers(parts),
    sessions: listener(() => running?.directory),
    start: async (services) => {
      running = assemble(services, timing)
      for (const app of services.apps) {
        const { present: marks, aliveAt } = await services.run(app, (ctx) => presenceLog(ctx).before())
        running.directory.believe(app, marks, aliveAt, restartGraceMs)
      }
    },
    stop: () => {
      running?.directory.stop()
      running?.journal.stop()
      running = undefined
    },
  })
}

function assemble(services: ModuleServices, timing: { graceMs: number; idleAfterMs: number }) {
  const watchers = new Watchers(services.state)
  const profiles = new Profiles(services)
  const journal = new Journal(services, (app) => directory.isAnybodyHere(app))
  const directory: Directory = new Directory({
    ...{ services, timing, watchers, journal },
    isUser: (user) => parseChannelName(`${presenceKind}:${user}`) !== undefined,
    read: (app, user) => profiles.read(app, user),
  })
  return { watchers, profiles, journal, directory }
}

function listener(directory: () => Directory | undefined): SessionListener {
  return {
    connected: (session) => directory()?.connected(session),
    disconnected: (session) => directory()?.disconnected(session),
    resumed: (session) => directory()?.resumed(session),
    ended: (session, reason) => directory()?.ended(session, reason),
  }
}

function presenceKinds(view: 'user' | 'granted', parts: () => PresenceParts): readonly Kind[] {
  const isOwn = async ({ identity, channel, action }: AuthorizeRequest) =>
    action === 'manage' || identity.user === idOf(channel)
  const shared = {
    durability: 'ephemeral',
    presence: false,
    filters: false,
    limits: { maxStateEntries: presenceLimits.contacts },
  } as const
  // Entries of sessions have no place here: the module alone says who is present.
  const access = (read: Access) =>
    ({ read, presence: 'backend', write: 'backend', manage: 'granted' }) as const
  return [
    defineKind('presence', presenceKind, {
      ...shared,
      access: access(view),
      authorize: (request) => mayRead(request, parts()),
      audience: {
        arriving: async (app, channel) => {
          const user = idOf(channel)
          const { directory, watchers } = parts()
          watchers.watch(app, channel, [user], await present(app, [user], directory))
        },
        gone: (app, channel) => parts().watchers.gone(app, channel),
      },
    }),
    defineKind('presence', contactsKind, {
      ...shared,
      access: access('user'),
      authorize: isOwn,
      audience: {
        arriving: async (app, channel) => {
          const { directory, watchers, profiles } = parts()
          const contacts = await profiles.allContacts(app, idOf(channel))
          watchers.watch(app, channel, contacts, await present(app, contacts, directory))
        },
        gone: (app, channel) => parts().watchers.gone(app, channel),
      },
    }),
    defineKind('presence', devicesKind, {
      ...shared,
      access: access('user'),
      authorize: isOwn,
      audience: {
        arriving: (app, channel) => parts().watchers.watch(app, channel, [], []),
        gone: (app, channel) => parts().watchers.gone(app, channel),
      },
    }),
  ]
}

/** Whether somebody may see the presence of a user, as far as the user decides that. */
async function mayRead(
  { identity, action, channel }: AuthorizeRequest,
  parts: PresenceParts,
): Promise<boolean> {
  const user = idOf(channel)
  const viewer = identity.user
  if (action === 'manage' || viewer === user) return true
  if (viewer === undefined) return false
  const { profile, isContact } = await parts.profiles.towards(identity.app, user, viewer)
  return isFor(profile.visibility, { isSelf: false, isContact })
}
