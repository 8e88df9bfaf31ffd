import { type ChannelEvent, ParleyError } from '@parley/protocol'
import type { ClientCore } from '../client.ts'
import type { Subscription } from '../subscriptions/subscription.ts'

interface RoomsOptions {
  readonly client: Pick<ClientCore, 'subscribe'>
  /** The kind of channel that a room is. */
  readonly kind: string
  readonly heard: (event: ChannelEvent, roomId: string) => void
  /** What was sent meanwhile is gone. */
  readonly missed: (roomId: string) => void
  /** The server has ended the membership, or has refused it. */
  readonly ended: (roomId: string, error: ParleyError) => void
}

/** The rooms that a client is in. They are kept over reconnects. */
export class Rooms {
  readonly #options: RoomsOptions
  readonly #rooms = new Map<string, Subscription>()

  constructor(options: RoomsOptions) {
    this.#options = options
  }

  get ids(): readonly string[] {
    return [...this.#rooms.keys()]
  }

  /** The channel that a room is: `general` is `room:general`, and a name with a kind is that channel itself. */
  channelOf(roomId: string): string {
    return roomId.includes(':') ? roomId : `${this.#options.kind}:${roomId}`
  }

  /** @throws ParleyError when the server does not let the client in */
  async join(roomId: string, recent?: number): Promise<void> {
    const room = this.#rooms.get(roomId) ?? this.#enter(roomId, recent)
    this.#rooms.set(roomId, room)
    await room.ready
  }

  leave(roomId: string): void {
    this.#rooms.get(roomId)?.unsubscribe()
    this.#rooms.delete(roomId)
  }

  #enter(roomId: string, recent: number | undefined): Subscription {
    const { client, ended, heard, missed } = this.#options
    const out = (error: ParleyError): void => {
      this.#rooms.delete(roomId)
      ended(roomId, error)
    }
    return client.subscribe(this.channelOf(roomId), {
      recent,
      onEvent: (event) => heard(event, roomId),
      onUnrecovered: () => missed(roomId),
      onDropped: () => missed(roomId),
      onError: out,
      onUnsubscribed: ({ message }) => out(new ParleyError('not_subscribed', message)),
    })
  }

  leaveAll(): void {
    for (const roomId of this.ids) this.leave(roomId)
  }
}
