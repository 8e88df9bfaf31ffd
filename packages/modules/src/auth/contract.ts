import { command, defineContract } from '@parley/protocol'
import { z } from 'zod'
import { cursor, nextPage, pageSize } from '../paging.ts'
import { revocation } from './model.ts'

const revoke = command({
  summary: 'Revoke tokens: one by its id, those of a user, or all that were issued before a moment.',
  description:
    'Acts at once on every node: sessions of these tokens are closed. A `user` without `issuedBefore` means all tokens ' +
    'issued until now, so that the user may sign in again. Times of issue have whole seconds: a token issued in the ' +
    'second of the revocation is revoked too. App keys are revoked by taking them out of the configuration.',
  input: z
    .strictObject({
      tokenId: z.string().min(1).max(256).optional(),
      user: z.string().min(1).max(128).optional(),
      issuedBefore: z
        .int()
        .min(0)
        .optional()
        .meta({ description: 'Milliseconds since 1970, not in the future.' }),
      reason: z.string().max(200).optional(),
    })
    .refine(
      ({ tokenId, user, issuedBefore }) =>
        tokenId !== undefined || user !== undefined || issuedBefore !== undefined,
      'Give `tokenId`, `user` or `issuedBefore`',
    )
    .refine(
      ({ tokenId, user, issuedBefore }) =>
        tokenId === undefined || (user === undefined && issuedBefore === undefined),
      'A token is revoked by its id alone',
    ),
  output: z.object({ id: z.string(), expiresAt: z.int() }),
  permission: { action: 'manage' },
  rest: 'POST /auth/revocations',
  example: { user: 'ada', reason: 'laptop lost' },
})

const revocations = command({
  summary: 'Revocations that are in force, page by page.',
  description: 'Each stays until the last token that it concerns has expired.',
  input: z.strictObject({
    after: cursor,
    limit: pageSize(1_000, 100),
  }),
  output: z.object({
    revocations: z.array(revocation.extend({ id: z.string() })),
    next: nextPage,
  }),
  permission: { action: 'manage' },
  rest: 'GET /auth/revocations',
  readOnly: true,
  example: {},
})

const whoami = command({
  summary: 'Who the caller is, and what they may do.',
  description:
    'What the server made of the credentials: app, user, capabilities, expiry. The first thing to look at when something is `forbidden`.',
  input: z.strictObject({}),
  output: z.object({
    app: z.string(),
    user: z.string().optional(),
    role: z.enum(['user', 'backend']),
    grants: z.array(
      z.object({ pattern: z.string(), actions: z.array(z.string()), filter: z.unknown().optional() }),
    ),
    expiresAt: z.int().optional(),
    profile: z.record(z.string(), z.string()).optional(),
  }),
  permission: 'anyone',
  rest: 'GET /auth/whoami',
  readOnly: true,
  example: {},
})

const signIn = command({
  summary: 'Get a token by no more than a name (development only).',
  description:
    'For trying things out: whoever asks becomes whoever they say. The production profile has no such door.',
  input: z.strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(64)
      .meta({ description: 'What others see.', examples: ['Ada Lovelace'] }),
    role: z
      .enum(['member', 'operator'])
      .default('member')
      .meta({ description: 'An operator may do everything, and look after the server.' }),
  }),
  output: z.object({
    token: z.string(),
    user: z.string().meta({ description: 'The id made from the name: `ada-lovelace`.' }),
    expiresAt: z.int(),
  }),
  permission: 'public',
  rest: 'POST /auth/sign-in',
  example: { name: 'Ada Lovelace' },
})

/** Who is who: revocation of tokens, and sign-in by name in development. */
export const auth = defineContract({
  name: 'auth',
  summary: 'Who the caller is; revoking tokens; sign-in by name in development.',
  commands: { revoke, revocations, whoami, signIn },
  events: {},
})
