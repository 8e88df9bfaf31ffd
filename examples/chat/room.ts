import type { Client } from '@parley/client'

/** A message as this page shows it. */
export interface Line {
  readonly seq: number
  readonly author: string
  readonly text: string
}

/**
 * Shows a conversation: what is there, and whatever comes, without a gap between the two. Answers what ends it.
 */
export async function showRoom(
  client: Client,
  channel: string,
  show: (lines: readonly Line[]) => void,
): Promise<() => void> {
  const { messages, position } = await client.chat.history({ channel, limit: 50 })
  const lines = new Map<number, Line>()
  for (const { seq, author, text } of messages) lines.set(seq, { seq, author, text })
  const room = client.subscribe(channel, {
    // From exactly where the history ended.
    from: position,
    onEvent: ({ type, data, offset, by }) => {
      const { text, seq } = data as { readonly text: string; readonly seq: number }
      const line = lines.get(seq)
      if (type === 'chat.sent') lines.set(offset, { seq: offset, author: by ?? '', text })
      else if (type === 'chat.edited' && line !== undefined) lines.set(seq, { ...line, text })
      else if (type === 'chat.deleted') lines.delete(seq)
      else return
      show([...lines.values()])
    },
  })
  show([...lines.values()])
  return () => room.unsubscribe()
}

/** Opens the direct conversation with somebody and says something there. Answers where it stands. */
export async function sayTo(client: Client, user: string, text: string): Promise<number> {
  const { channel } = await client.chat.direct({ users: [user] })
  // The id makes a repeat harmless: the same message is never there twice.
  const { seq } = await client.chat.send({ channel, text, id: client.newId() }, { priority: 'high' })
  return seq
}

/** How many messages wait for the user, and how many of them mention them. */
export async function waiting(client: Client): Promise<string> {
  const { total, mentions } = await client.chat.unread({})
  return `${total} unread, ${mentions} of them for you`
}
