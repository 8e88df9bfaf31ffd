import type { Bound, LinePlan } from '../lines.ts'

const kinds = ['sse', 'http-stream', 'listening', 'polling'] as const
const names: Readonly<Record<(typeof kinds)[number], string>> = {
  sse: 'server-sent events of a client',
  'http-stream': 'HTTP streaming',
  listening: 'an EventSource that listens',
  polling: 'long polling',
}

/** Both lines of a downlink beside a peer: how much goes through it, and what one delivery costs at a rate. */
function beside(
  scenario: (typeof kinds)[number],
  peer: string | undefined,
  must: { readonly deliveries: Bound; readonly cpu: Bound },
): readonly LinePlan[] {
  const head = { scenario, peer }
  const members = scenario === 'polling' ? 200 : 1_000
  return [
    {
      ...head,
      ...{
        measure: `${names[scenario]}: 1 to ${members} flat out`,
        unit: 'deliveries per second of CPU',
        value: 'flat perCpuSecond',
      },
      must: must.deliveries,
    },
    {
      ...head,
      ...{
        measure: `${names[scenario]}: 100 messages/s to ${members}, CPU`,
        unit: 'µs CPU per delivery',
        value: 'rated cpu',
      },
      must: must.cpu,
    },
  ]
}

const atLeast = (ratio: number): Bound => ({ of: 'ratio', atLeast: ratio })
const atMost = (ratio: number): Bound => ({ of: 'ratio', atMost: ratio })

/** The lines of `transports`: each downlink beside those who have one like it, and connecting. */
export const transportsPlan: readonly LinePlan[] = [
  ...beside('sse', 'nchan', { deliveries: atLeast(1), cpu: atMost(1) }),
  ...beside('http-stream', 'nchan', { deliveries: atLeast(1), cpu: atMost(1) }),
  ...beside('listening', 'nchan', { deliveries: atLeast(1), cpu: atMost(1.5) }),
  ...beside('polling', 'socket.io', { deliveries: atLeast(1.5), cpu: atMost(0.75) }),
  ...beside('polling', 'nchan', { deliveries: atLeast(1), cpu: atMost(1.5) }),
  {
    ...{ scenario: 'connect', measure: 'connect, token, subscribe on an idle server, p99', unit: 'ms' },
    ...{ value: 'idle p99', peer: undefined, must: { of: 'value', atMost: 200, orTimesBare: 3 } },
  },
  {
    ...{ scenario: 'connect', measure: 'the same in bursts of 500, p99', unit: 'ms', value: 'burst p99' },
    ...{ peer: undefined, must: { of: 'value', atMost: 200, orTimesBare: 3 } },
  },
  {
    ...{ scenario: 'connect', measure: '10,000 connects in waves of 500: share that succeed', unit: 'of 1' },
    ...{ value: 'succeeded', peer: undefined, must: { of: 'value', atLeast: 0.999 } },
  },
]
