import { type Client, createTypist, type StateEntry } from '@parley/client'

/** A field in which messages for a channel are written. */
export function messageField(client: Client, channel: string, send: (text: string) => void) {
  const typist = createTypist(client, channel)
  return {
    /** On every `input` event. */
    changed: (text: string) => (text === '' ? typist.stop() : typist.keystroke()),
    /** On `blur`. */
    left: () => typist.stop(),
    submitted(text: string) {
      typist.stop()
      send(text)
    },
  }
}

/** Calls `show` with who else is typing, whenever that changes. Returns the function that ends it. */
export function followTyping(client: Client, channel: string, show: (line: string) => void): () => void {
  const subscription = client.subscribe(channel, {
    state: true,
    onState: ({ entries }) => show(lineOf(entries.values(), client.connection.user)),
  })
  return () => subscription.unsubscribe()
}

function lineOf(entries: Iterable<StateEntry>, me: string | undefined): string {
  const names: string[] = []
  for (const { name, user, value } of entries) {
    if (name !== 'typing') continue
    // Where many type, one entry without a user has their number.
    if (user === undefined) return `${(value as { count: number }).count} people are typing`
    if (user !== me) names.push(user)
  }
  if (names.length === 0) return ''
  return `${names.sort().join(', ')} ${names.length === 1 ? 'is' : 'are'} typing`
}
