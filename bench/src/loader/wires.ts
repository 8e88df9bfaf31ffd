import { natsWire } from './nats-wire.ts'
import { parleyWire } from './parley-wire.ts'
import { pusherWire } from './pusher-wire.ts'
import { socketIoWire } from './socket-io-wire.ts'
import type { Wire } from './wire.ts'
import { wsWire } from './ws-wire.ts'

/** How to speak to each server. */
export const wires = {
  parley: parleyWire,
  'socket.io': socketIoWire,
  pusher: pusherWire,
  ws: wsWire,
  nats: natsWire,
} as const satisfies Record<string, Wire>

export type WireName = keyof typeof wires
