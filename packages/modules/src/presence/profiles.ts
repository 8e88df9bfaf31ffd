import type { Context, ModuleServices } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { Known } from './directory.ts'
import { type Profile, presenceKind, presenceLimits } from './model.ts'
import { presenceStore } from './store.ts'

/** What became of somebody's contacts. */
export interface ContactsChange {
  readonly changed: readonly string[]
  readonly count: number
  /** Who may see the user has changed with them: what is known of the user now. */
  readonly known: Known | undefined
}

/** Reads and writes what is stored of a user. What concerns one user is done in order, each on what was before. */
export class Profiles {
  readonly #services: ModuleServices

  constructor(services: ModuleServices) {
    this.#services = services
  }

  read(app: string, user: string): Promise<Known> {
    return this.#run(app, user, async (ctx) => {
      const { profile } = await presenceStore(ctx).profile(user)
      return known(ctx, user, profile)
    })
  }

  /** Answers what is known afterwards, and whether others may see the user now who could not, or the other way round. */
  change(
    app: string,
    user: string,
    change: (profile: Profile) => Profile,
  ): Promise<Known & { readonly isForOthers: boolean }> {
    return this.#run(app, user, async (ctx) => {
      const store = presenceStore(ctx)
      const { profile: before, version } = await store.profile(user)
      const profile = change(before)
      store.saveProfile(user, profile, version)
      const isForOthers = profile.visibility !== before.visibility
      if (isForOthers) ctx.change({ type: 'permissions', channel: `${presenceKind}:${user}` })
      return { ...(await known(ctx, user, profile)), isForOthers }
    })
  }

  allContacts(app: string, user: string): Promise<ReadonlySet<string>> {
    return this.#run(app, user, (ctx) => presenceStore(ctx).allContacts(user))
  }

  /**
   * Adds or removes contacts.
   *
   * @throws ParleyError `presence.too_many_contacts`
   */
  setContacts(
    app: string,
    user: string,
    contacts: readonly string[],
    isContact: boolean,
  ): Promise<ContactsChange> {
    return this.#run(app, user, async (ctx) => {
      const store = presenceStore(ctx)
      const all = new Set(await store.allContacts(user))
      const changed = [...new Set(contacts)].filter((contact) => all.has(contact) !== isContact)
      if (isContact && all.size + changed.length > presenceLimits.contacts)
        throw new ParleyError(
          'presence.too_many_contacts',
          `With these you would have ${all.size + changed.length} contacts; at most ${presenceLimits.contacts}. Remove some.`,
        )
      for (const contact of changed) {
        store.setContact(user, contact, isContact)
        if (isContact) all.add(contact)
        else all.delete(contact)
      }
      const { profile } = await store.profile(user)
      const areForThem = profile.visibility === 'contacts' && changed.length > 0
      if (areForThem) ctx.change({ type: 'permissions', channel: `${presenceKind}:${user}` })
      return { changed, count: all.size, known: areForThem ? { profile, contacts: all } : undefined }
    })
  }

  /** Whether somebody is a contact of a user, and what the user lets others see. */
  async towards(
    app: string,
    user: string,
    viewer: string,
  ): Promise<{ readonly profile: Profile; readonly isContact: boolean }> {
    return this.#run(app, user, async (ctx) => {
      const store = presenceStore(ctx)
      const { profile } = await store.profile(user)
      return { profile, isContact: await store.isContact(user, viewer) }
    })
  }

  #run<T>(app: string, user: string, job: (ctx: Context) => T | Promise<T>): Promise<T> {
    return this.#services.run(app, job, { order: `presence ${user}` })
  }
}

async function known(ctx: Context, user: string, profile: Profile): Promise<Known> {
  const contacts = profile.visibility === 'contacts' ? await presenceStore(ctx).allContacts(user) : undefined
  return { profile, contacts }
}
