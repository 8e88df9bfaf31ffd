import type { Handlers, Kind } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { typing } from './contract.ts'
import type { Typists } from './typists.ts'

/** The session of those who have none: they are one device. */
const noSession = ''

/** The handlers of module `typing`. */
export function typingHandlers(typists: () => Typists | undefined): Handlers<typeof typing> {
  return {
    start(ctx, { channel, ...doing }) {
      const { app, user, session = noSession } = ctx
      requireTyping(ctx.channels.kind(channel))
      if (user === undefined)
        throw new ParleyError('typing.no_user', 'Only users type; these credentials belong to a back end.')
      typists()?.start({ app, channel, user }, session, doing, ctx.channels.presence(channel).users)
      return {}
    },
    stop({ app, user, session }, { channel, ...which }) {
      if (user !== undefined) typists()?.stop({ app, channel, user }, { session, ...which })
      return {}
    },
  }
}

function requireTyping(kind: Kind): void {
  if (!kind.typing)
    throw new ParleyError(
      'typing.not_here',
      `Channels of kind \`${kind.name}\` show nobody typing. Set \`typing: true\` for the kind.`,
    )
}
