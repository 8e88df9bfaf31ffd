import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'

/**
 * The calling user.
 *
 * @throws ParleyError `forbidden` for back ends, which are nobody
 */
export function requireUser(ctx: Pick<Context, 'user'>): string {
  if (ctx.user === undefined)
    throw new ParleyError('forbidden', 'Only users do this. Call it with a token that names a user.')
  return ctx.user
}
