import type { LinePlan } from '../lines.ts'

// Pusher's own server cannot be had: the server of Socket.IO stands beside, with its own clients.
const peer = 'socket.io'

/** What clients of Pusher get from our server. */
export const pusherPlan: readonly LinePlan[] = [
  {
    scenario: 'pusher-crowd',
    measure: 'Pusher clients: 1 to 1000 flat out, deliveries',
    ...{ unit: 'deliveries/s', value: 'flat rate', peer },
    must: { of: 'ratio', atLeast: 3 },
  },
  {
    scenario: 'pusher-arrivals',
    measure: 'Pusher clients: connect and subscribe, connections',
    ...{ unit: 'connections per CPU second', value: 'perCpuSecond', peer },
    must: { of: 'ratio', atLeast: 1 },
  },
  {
    scenario: 'pusher-arrivals',
    measure: 'Pusher clients: 10,000 idle connections, memory',
    ...{ unit: 'bytes per connection', value: 'bytes', peer },
    must: { of: 'ratio', atMost: 1 },
  },
]
