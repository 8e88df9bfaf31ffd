import Pusher from 'pusher'

/** The back end's end: it publishes, and lets people in. */
export function backEnd(url: string, { key, secret }: { key: string; secret: string }): Pusher {
  const { hostname, port, protocol } = new URL(url)
  return new Pusher({ appId: 'default', key, secret, host: hostname, port, useTLS: protocol === 'https:' })
}
