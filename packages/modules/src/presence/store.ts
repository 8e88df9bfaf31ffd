import type { Context } from '@parley/kernel'
import { type Availability, defaultProfile, type Profile, presenceLimits } from './model.ts'

/** A user id has no such character. */
const separator = '|'
const day = 24 * 60 * 60 * 1000
const pageSize = 500

const tables = {
  profiles: 'presence_profiles',
  contacts: 'presence_contacts',
  /** Who is present now: what a node that starts goes by. */
  present: 'presence_present',
  seen: 'presence_seen',
  history: 'presence_history',
  alive: 'presence_alive',
} as const

/** What a node that starts takes a user to be. */
export interface PresentMark {
  readonly user: string
  readonly availability: Exclude<Availability, 'offline'>
  readonly since: number
}

/** A change of availability, on its way to the store. */
export interface Transition {
  readonly user: string
  readonly availability: Availability
  readonly at: number
}

/** What users have said of themselves, and when they were last seen, in the app of a unit. */
export function presenceStore(ctx: Context) {
  return {
    async profile(user: string): Promise<{ readonly profile: Profile; readonly version: number }> {
      const row = await ctx.record(tables.profiles, user)
      const profile = row === undefined ? defaultProfile : (JSON.parse(row.value) as Profile)
      return { profile: { ...defaultProfile, ...profile }, version: row?.version ?? 0 }
    },

    saveProfile(user: string, profile: Profile, version: number): void {
      ctx.assert({ table: tables.profiles, key: user, version })
      ctx.write({ table: tables.profiles, key: user, value: JSON.stringify(profile) })
    },

    async isContact(user: string, contact: string): Promise<boolean> {
      return (await ctx.record(tables.contacts, user + separator + contact)) !== undefined
    },

    /** Contacts of a user by name, after a name. */
    async contacts(user: string, after: string | undefined, limit: number): Promise<readonly string[]> {
      const prefix = user + separator
      const page = { prefix, limit, ...(after === undefined ? {} : { after: prefix + after }) }
      const rows = await ctx.records(tables.contacts, page)
      return rows.map(({ key }) => key.slice(prefix.length))
    },

    async allContacts(user: string): Promise<ReadonlySet<string>> {
      const found = new Set<string>()
      let after: string | undefined
      do {
        const page = await this.contacts(user, after, pageSize)
        for (const contact of page) found.add(contact)
        after = page.length < pageSize ? undefined : page.at(-1)
      } while (after !== undefined && found.size <= presenceLimits.contacts)
      return found
    },

    setContact(user: string, contact: string, isContact: boolean): void {
      ctx.write({
        table: tables.contacts,
        key: user + separator + contact,
        value: isContact ? '1' : null,
      })
    },

    /** When a user was last here; undefined when that is not known. */
    async seen(user: string): Promise<number | undefined> {
      const row = await ctx.record(tables.seen, user)
      return row === undefined ? undefined : Number(row.value)
    },
  }
}

/** What is written lazily of who is present, in the app of a unit. */
export function presenceLog(ctx: Context) {
  return {
    /** Writes what a user has become. */
    mark({ user, availability, at }: Transition): void {
      const isPresent = availability !== 'offline'
      const mark = isPresent ? JSON.stringify({ availability, since: at }) : null
      ctx.write({ table: tables.present, key: user, value: mark })
      if (!isPresent) ctx.write({ table: tables.seen, key: user, value: String(at) })
    },

    /** Adds to the history of a user. */
    keep({ user, availability, at }: Transition): void {
      const key = `${user}${separator}${String(at).padStart(16, '0')}`
      const expiresAt = at + presenceLimits.historyDays * day
      ctx.write({ table: tables.history, key, value: JSON.stringify(availability), expiresAt })
    },

    async history(
      user: string,
      after: number,
      limit: number,
    ): Promise<readonly { readonly at: number; readonly availability: Availability }[]> {
      const prefix = user + separator
      const oldest = ctx.clock.now() - presenceLimits.historyDays * day
      const from = prefix + String(Math.max(after, Math.max(oldest, 0))).padStart(16, '0')
      const rows = await ctx.records(tables.history, { prefix, after: from, limit })
      return rows.map(({ key, value }) => ({
        at: Number(key.slice(prefix.length)),
        availability: JSON.parse(value) as Availability,
      }))
    },

    /** Notes that the node lives, so that the next one knows when those who do not return were last here. */
    beat(): void {
      ctx.write({ table: tables.alive, key: 'node', value: String(ctx.clock.now()) })
    },

    /** Whom the node before took to be present, and when it was last alive. */
    async before(): Promise<{ readonly present: readonly PresentMark[]; readonly aliveAt: number }> {
      const alive = await ctx.record(tables.alive, 'node')
      const present: PresentMark[] = []
      let after: string | undefined
      do {
        const page = { limit: pageSize, ...(after === undefined ? {} : { after }) }
        const rows = await ctx.records(tables.present, page)
        for (const { key, value } of rows)
          present.push({ user: key, ...(JSON.parse(value) as Omit<PresentMark, 'user'>) })
        after = rows.length < pageSize ? undefined : rows.at(-1)?.key
      } while (after !== undefined)
      return { present, aliveAt: Number(alive?.value ?? 0) }
    },
  }
}
