import type { Context, Handlers } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { auth } from './contract.ts'
import { type Revocation, revocationsTable } from './model.ts'
import { joinRevocations, revocationKey, userIdOf } from './rules.ts'

/** What the development profile needs to sign a visitor in. */
export interface DevelopmentSignIn {
  /** Makes a token of the app `default`. */
  sign(claims: SignInClaims): Promise<string>
  /** What the visitor may do. */
  capabilities(user: string, role: 'member' | 'operator'): Readonly<Record<string, readonly string[]>>
  readonly lifetimeMs: number
}

/** What a token of sign-in by name says. Times are in milliseconds since 1970. */
export interface SignInClaims {
  readonly user: string
  readonly name: string
  readonly tokenId: string
  readonly issuedAt: number
  readonly expiresAt: number
  readonly capabilities: Readonly<Record<string, readonly string[]>>
}

export interface AuthOptions {
  /** No token lives longer; revocations are kept for so long. Default: 30 days. */
  readonly maxTokenLifetimeMs?: number
  /** Given in the development profile only. Without it `auth.signIn` is refused with `disabled`. */
  readonly developmentSignIn?: DevelopmentSignIn | undefined
}

const defaultLifetimeMs = 30 * 24 * 60 * 60 * 1000

/** The handlers of module `auth`. */
export function authHandlers(options: AuthOptions): Handlers<typeof auth> {
  const { maxTokenLifetimeMs = defaultLifetimeMs, developmentSignIn } = options
  return {
    revoke: (ctx, input) => revoke(ctx, input, maxTokenLifetimeMs),
    revocations: async (ctx, { after, limit }) => {
      const rows = await ctx.records(revocationsTable, { limit, ...(after === undefined ? {} : { after }) })
      const now = ctx.clock.now()
      return {
        revocations: rows
          .map((row) => ({ id: row.key, ...(JSON.parse(row.value) as Revocation) }))
          .filter((one) => one.expiresAt > now),
        next: rows.length === limit ? rows.at(-1)?.key : undefined,
      }
    },
    whoami: ({ identity }) => ({
      app: identity.app,
      user: identity.user,
      role: identity.role,
      grants: identity.grants.map(({ pattern, actions, filter }) => ({
        pattern,
        actions: [...actions],
        filter,
      })),
      expiresAt: identity.expiresAt,
      profile: identity.profile,
    }),
    signIn: async (ctx, { name, role }) => {
      if (developmentSignIn === undefined)
        throw new ParleyError(
          'disabled',
          'Sign-in by name exists in the development profile only. Send a token of your own.',
        )
      return signIn(ctx, { name, role }, developmentSignIn)
    },
  }
}

interface RevokeInput {
  readonly tokenId?: string | undefined
  readonly user?: string | undefined
  readonly issuedBefore?: number | undefined
  readonly reason?: string | undefined
}

async function revoke(ctx: Context, input: RevokeInput, maxTokenLifetimeMs: number) {
  const { tokenId, user, reason } = input
  const now = ctx.clock.now()
  const issuedBefore = tokenId === undefined ? (input.issuedBefore ?? now) : undefined
  if (issuedBefore !== undefined && issuedBefore > now)
    throw new ParleyError(
      'bad_request',
      '`issuedBefore` lies in the future: tokens can be revoked up to now.',
      {
        details: { field: 'issuedBefore', now },
      },
    )
  const whose = {
    ...(tokenId === undefined ? {} : { tokenId }),
    ...(user === undefined ? {} : { user }),
    ...(issuedBefore === undefined ? {} : { issuedBefore }),
  }
  const id = revocationKey(whose)
  const stored = await ctx.record(revocationsTable, id)
  const merged = joinRevocations(stored && (JSON.parse(stored.value) as Revocation), {
    ...whose,
    at: now,
    ...(ctx.user === undefined ? {} : { by: ctx.user }),
    ...(reason === undefined ? {} : { reason }),
    expiresAt: (issuedBefore ?? now) + maxTokenLifetimeMs,
  })
  ctx.assert({ table: revocationsTable, key: id, version: stored?.version ?? 0 })
  ctx.write({ table: revocationsTable, key: id, value: JSON.stringify(merged), expiresAt: merged.expiresAt })
  ctx.change({ type: 'revoke', ...whose })
  return { id, expiresAt: merged.expiresAt }
}

async function signIn(
  ctx: Context,
  { name, role }: { readonly name: string; readonly role: 'member' | 'operator' },
  development: DevelopmentSignIn,
) {
  const user = userIdOf(name)
  if (user === undefined) throw new ParleyError('bad_request', 'A name has at least one letter or digit.')
  const issuedAt = ctx.clock.now()
  // Tokens know whole seconds.
  const expiresAt = Math.floor((issuedAt + development.lifetimeMs) / 1000) * 1000
  const token = await development.sign({
    ...{ user, name, issuedAt, expiresAt },
    tokenId: ctx.clock.secret(96),
    capabilities: development.capabilities(user, role),
  })
  return { token, user, expiresAt }
}
