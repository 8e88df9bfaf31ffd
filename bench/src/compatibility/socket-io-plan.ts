import type { LinePlan } from '../lines.ts'

const peer = 'socket.io'

/** What clients of Socket.IO get from our server beside the one that they know. */
export const socketIoPlan: readonly LinePlan[] = [
  {
    scenario: 'socket-io-crowd',
    measure: 'Socket.IO clients: 1 to 1000 flat out, deliveries',
    ...{ unit: 'deliveries/s', value: 'flat rate', peer },
    must: { of: 'ratio', atLeast: 3 },
  },
  {
    scenario: 'socket-io-rooms',
    measure: 'Socket.IO clients: 500 rooms of 4, all publishing with acks',
    ...{ unit: 'deliveries/s', value: 'rate', peer },
    must: { of: 'ratio', atLeast: 1 },
  },
  {
    scenario: 'socket-io-arrivals',
    measure: 'Socket.IO clients: 10,000 idle connections, memory',
    ...{ unit: 'bytes per connection', value: 'bytes', peer },
    must: { of: 'ratio', atMost: 0.8 },
  },
]
