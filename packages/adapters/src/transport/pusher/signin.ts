import { Refusal } from './client-event.ts'
import { codes } from './messages.ts'
import { userIdProblem } from './names.ts'
import type { Keyring } from './signatures.ts'

/** A user that a back end has vouched for. */
export interface SignedUser {
  readonly id: string
  readonly info: unknown
  readonly watchlist: readonly string[]
  /** As it was signed. */
  readonly text: string
}

const maxWatched = 100

/**
 * Reads what a client signs in with (user authentication of Pusher).
 *
 * @throws Refusal
 */
export function readSignin(
  data: Readonly<Record<string, unknown>>,
  { app, socketId, keys }: { readonly app: string; readonly socketId: string; readonly keys: Keyring },
): SignedUser {
  const { auth, user_data: text } = data
  if (typeof text !== 'string' || !keys.isSigned(app, auth, `${socketId}::user::${text}`))
    throw new Refusal(codes.unauthorized, 'The signature of the user does not fit.')
  const { id, user_info: info, watchlist = [] } = objectOf(text)
  const problem = userIdProblem(id)
  if (problem !== undefined) throw new Refusal(codes.unauthorized, problem)
  if (!Array.isArray(watchlist) || watchlist.length > maxWatched || watchlist.some(userIdProblem))
    throw new Refusal(codes.rejected, `A watchlist has at most ${maxWatched} ids of users.`)
  return { id: id as string, info, watchlist: [...new Set(watchlist as string[])], text }
}

/** Who a client is in a channel with members, as its back end has signed it; undefined: by whom it has signed in as. */
export function readMember(
  channelData: unknown,
): { readonly id: string; readonly info: unknown } | undefined {
  if (channelData === undefined || channelData === null) return undefined
  const { user_id, user_info } = typeof channelData === 'string' ? objectOf(channelData) : {}
  // Back ends give numbers too; on the wire it is a text.
  const id = typeof user_id === 'number' ? String(user_id) : user_id
  const problem = userIdProblem(id)
  if (problem !== undefined) throw new Refusal(codes.unauthorized, `\`channel_data\`: ${problem}`)
  return { id: id as string, info: user_info }
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
