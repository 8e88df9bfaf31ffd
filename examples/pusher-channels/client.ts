import type { Channel } from 'pusher-js'
import pusherJs from 'pusher-js'

// Bundlers give the class itself; in Node its types speak of a namespace.
const Pusher = pusherJs as unknown as typeof pusherJs.default

/** Hears what happens in a channel. */
export function listen(
  url: string,
  { key, channel, heard }: { key: string; channel: string; heard: (data: unknown) => void },
): Channel {
  const { hostname, port, protocol } = new URL(url)
  const isSecure = protocol === 'https:'
  const client = new Pusher(key, {
    cluster: '', // not used, and asked for by the library
    wsHost: hostname,
    ...(isSecure ? { wssPort: Number(port || 443) } : { wsPort: Number(port || 80) }),
    forceTLS: isSecure,
    enabledTransports: ['ws', 'wss'],
  })
  return client.subscribe(channel).bind('message', heard)
}
