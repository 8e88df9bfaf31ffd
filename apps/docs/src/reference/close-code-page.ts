import { type CloseReason, closeCodes, closeVerdict } from '@parley/protocol'
import { type Page, root } from '../pages/page.ts'
import { generated } from './command-pages.ts'
import { cell } from './schema-table.ts'

/** What happened, for people. The compiler sees to it that no code is left out. */
const meanings: Readonly<Record<CloseReason, string>> = {
  bad_frame: 'What was sent is no frame of the protocol.',
  unsupported_version: 'Client and server share no version of the protocol. Update the older one.',
  unauthenticated: 'There were no valid credentials. Sign in again.',
  forbidden: 'The identity may not connect, or the application has closed the door on it.',
  frame_too_large: 'A message was larger than `limits.maxFrameBytes`. Send less, or in chunks.',
  too_many_errors: 'Too many frames in a row made no sense. Look at what the client sends.',
  disconnected_by_server: 'A back end disconnected this user or session, and does not want it back.',
  token_revoked: 'The token was revoked. Sign in again.',
  connection_limit: 'This user or address has too many connections.',
  token_expired: 'The token expired and was not refreshed within its grace. Get a new one, then connect.',
  connect_timeout: 'The client opened a connection and did not say `connect` in time.',
  server_stopping: 'The node is going away. Connect again; it or another one takes you back.',
  slow_consumer: 'The client accepted no byte for too long. It resumes where it was.',
  ping_timeout: 'A heartbeat was not answered: the link is taken for dead.',
  replaced: 'The session was resumed over a newer connection.',
  rate_limited: 'Too many frames came on this connection. Wait before you connect.',
  overloaded: 'The node has no room. Connect again after a while, or to another node.',
  internal: 'The server failed. Connect again; the log has the cause.',
}

const verdictWords = {
  stop: 'Stop: connecting again with the same credentials fails again.',
  refresh: 'Get a new token, then connect.',
  reconnect: 'Connect again with backoff, and resume.',
} as const

/** The page on close codes. */
export function closeCodePage(): Page {
  const rows = Object.entries(closeCodes).map(
    ([name, code]) =>
      `| ${code} | \`${name}\` | ${closeVerdict(code)} | ${cell(meanings[name as CloseReason])} |`,
  )
  const verdicts = Object.entries(verdictWords).map(([name, words]) => `- **${name}**: ${words}`)
  const text = [
    '# Close codes',
    'Why a connection was closed, and what a client does about it. The range alone decides, so that an old client acts rightly on a code it has never seen: 4000–4099 stop, 4100–4199 refresh, 4200–4299 reconnect, anything else (1001, 1006, …) reconnect.',
    verdicts.join('\n'),
    ['| Code | Name | Verdict | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n')
  return generated(`${root}reference/close-codes/`, 'Close codes', text)
}
