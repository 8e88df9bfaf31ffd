import type { Channel } from 'pusher-js'

/** Clients of Pusher forget what they miss. This keeps where a client stands, and asks for what came since. */
export function recoverMissed(client: Channel['pusher']): void {
  const places = new Map<string, { epoch: string; offset: number }>()
  const send = client.send_event.bind(client)

  client.send_event = (name: string, data: { channel?: string }, channel?: string) => {
    if (name === 'pusher:unsubscribe') places.delete(data.channel ?? '')
    if (name !== 'pusher:subscribe') return send(name, data, channel)
    const place = places.get(data.channel ?? '')
    return send(name, { ...data, position: place === undefined ? '' : `${place.epoch}.${place.offset}` })
  }

  client.connection.bind('message', (message: { event: string; channel?: string; data: unknown }) => {
    const { event, channel } = message
    if (channel === undefined) return
    const { position } = (message.data ?? {}) as { position?: string }
    const isPlace = event === 'pusher_internal:subscription_succeeded' || event === 'parley:position'
    if (isPlace && position !== undefined) {
      const dot = position.lastIndexOf('.')
      places.set(channel, { epoch: position.slice(0, dot), offset: Number(position.slice(dot + 1)) })
    } else if (!event.startsWith('pusher')) {
      const place = places.get(channel)
      if (place !== undefined) place.offset += 1
    }
  })
}
