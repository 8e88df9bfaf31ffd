import type { SecurityLevel } from './connect-options.ts'
import type { WebSocketMessage } from './websocket-message.ts'

/** Why something was refused, or may be an attack. */
export type SecurityAlertKind =
  | 'unencrypted'
  | 'foreign_origin'
  | 'no_token'
  | 'fixed_token'
  | 'foreign_user'
  | 'key_in_message'
  | 'token_refused'
  | 'forbidden'
  | 'kicked'

export interface SecurityProblem {
  readonly kind: SecurityAlertKind
  readonly message: string
}

/** What an endpoint would be connected with. */
export interface Circumstances {
  readonly url: URL
  /** The origin of the page; undefined outside of one. */
  readonly page: string | undefined
  readonly trustedOrigins: readonly string[]
  readonly token: 'none' | 'fixed' | 'renewed'
}

/** What a level refuses about a connection; undefined for nothing. */
export function connectionProblem(level: SecurityLevel, at: Circumstances): SecurityProblem | undefined {
  if (level === 'standard') return undefined
  const { url, page, trustedOrigins, token } = at
  if (!/^(wss|https):$/.test(url.protocol) && !isLoopback(url.hostname))
    return problem(
      'unencrypted',
      `${url.origin} is not encrypted. Security level \`${level}\` needs wss: or https:.`,
    )
  const origin = url.origin.replace(/^ws/, 'http')
  if (page !== undefined && origin !== page && !trustedOrigins.includes(origin))
    return problem(
      'foreign_origin',
      `${origin} is not the origin of this page. Name it in \`trustedOrigins\`, or connect to your own.`,
    )
  if (token === 'none')
    return problem('no_token', `Security level \`${level}\` needs a token: \`initialize({ token })\`.`)
  if (level === 'maximum' && token === 'fixed')
    return problem(
      'fixed_token',
      'Security level `maximum` needs tokens that are renewed: give `token` as a function.',
    )
  return undefined
}

/** What is refused about a message; undefined for nothing. */
export function messageProblem(
  level: SecurityLevel,
  message: WebSocketMessage,
  user: string | undefined,
): SecurityProblem | undefined {
  if (message.encryption_key !== undefined)
    return problem(
      'key_in_message',
      'Keys do not go over the wire. Encrypt `data` yourself, and name the key in `metadata`.',
    )
  if (level !== 'standard' && message.user_id !== undefined && message.user_id !== user)
    return problem(
      'foreign_user',
      `This connection speaks for ${user ?? 'nobody'}, and not for the \`user_id\` of the message.`,
    )
  return undefined
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

function problem(kind: SecurityAlertKind, message: string): SecurityProblem {
  return { kind, message }
}
