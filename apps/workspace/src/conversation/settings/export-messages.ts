import type { Client } from '@parley/client'

/** So many messages fit into a file in memory without trouble. */
const mostMessages = 1_000_000
const pageSize = 500

/** All messages of a conversation as JSON Lines, one message a line, oldest first. */
export async function exportMessages(
  client: Pick<Client, 'chat'>,
  channel: string,
  { onProgress, signal }: { readonly onProgress: (messages: number) => void; readonly signal: AbortSignal },
): Promise<Blob> {
  const parts: string[] = []
  let count = 0
  for (let after: number | undefined = 0; after !== undefined && count < mostMessages; ) {
    signal.throwIfAborted()
    const page: Awaited<ReturnType<Client['chat']['export']>> = await client.chat.export({
      ...{ channel, after, limit: pageSize },
    })
    parts.push(page.messages.map((message) => `${JSON.stringify(message)}\n`).join(''))
    count += page.messages.length
    onProgress(count)
    after = page.next
  }
  return new Blob(parts, { type: 'application/jsonl' })
}
