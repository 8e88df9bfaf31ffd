import type { Notice, Subject, WebhookEvent } from './model.ts'

/** The key of a subject's tally. Names of channels have no space. */
export function keyOf({ channel, user }: Subject): string {
  return user === undefined ? channel : `${channel} ${user}`
}

export function subjectOf(key: string): Subject {
  const space = key.indexOf(' ')
  return space < 0
    ? { channel: key, user: undefined }
    : { channel: key.slice(0, space), user: key.slice(space + 1) }
}

/** What a subject that came, or has left all nodes, is told as. */
export function changeEvent({ channel, user }: Subject, isThere: boolean): WebhookEvent {
  if (user === undefined) return { name: isThere ? 'channel_occupied' : 'channel_vacated', channel }
  return { name: isThere ? 'member_added' : 'member_removed', channel, user_id: user }
}

/** What a notice is told as, if it is told at once. */
export function noticeEvent(notice: Notice): WebhookEvent | undefined {
  if (notice.type === 'cache_miss') return { name: 'cache_miss', channel: notice.channel }
  if (notice.type !== 'client_event') return undefined
  const { channel, event, data, socket, user } = notice
  return {
    ...{ name: 'client_event', channel, event, data, socket_id: socket },
    ...(user === undefined ? {} : { user_id: user }),
  }
}

/** Nodes on which a subject is, after what one of them says. */
export function tallied(nodes: readonly string[], node: string, isThere: boolean): readonly string[] {
  const others = nodes.filter((other) => other !== node)
  return isThere ? [...others, node] : others
}
