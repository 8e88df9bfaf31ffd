import type { LinePlan } from './lines.ts'

const flat = { scenario: 'crowd', unit: 'deliveries/s', value: 'flat rate' } as const
const flatCpu = { scenario: 'crowd', unit: 'µs CPU per delivery', value: 'flat cpu' } as const
const slowCpu = { scenario: 'crowd', unit: 'µs CPU per delivery', value: 'slow cpu' } as const
const slowP99 = { scenario: 'crowd', unit: 'ms', value: 'slow p99' } as const
const rooms = { scenario: 'rooms', unit: 'deliveries/s', value: 'rate' } as const

/** The lines of `fanout`: what is measured, beside whom, and what it must reach. */
export const fanOutPlan: readonly LinePlan[] = [
  {
    ...flat,
    measure: '1 to 1000 flat out, deliveries',
    peer: 'socket.io',
    must: { of: 'ratio', atLeast: 20 },
    aim: { of: 'ratio', atLeast: 30 },
  },
  { ...flat, measure: '1 to 1000 flat out, deliveries', peer: 'nats', must: { of: 'ratio', atLeast: 1 } },
  {
    ...flatCpu,
    measure: '1 to 1000 flat out, CPU',
    peer: 'ws',
    must: { of: 'ratio', atMost: 0.05 },
  },
  {
    ...slowCpu,
    measure: '100 messages/s to 1000, CPU',
    peer: 'socket.io',
    must: { of: 'ratio', atMost: 0.75 },
  },
  {
    ...slowCpu,
    measure: '100 messages/s to 1000, CPU',
    peer: 'ws',
    must: { of: 'ratio', atMost: 1.15 },
    aim: { of: 'ratio', atMost: 1 },
  },
  { ...slowP99, measure: '100 messages/s to 1000, p99', peer: 'socket.io', must: { of: 'ratio', atMost: 1 } },
  {
    ...slowP99,
    measure: '100 messages/s to 1000, p99',
    peer: 'ws',
    must: { of: 'ratio', atMost: 1, orTimesBare: 1.25 },
  },
  {
    scenario: 'crowd',
    measure: '1000 messages/s to 1000, p99',
    unit: 'ms',
    value: 'fast p99',
    peer: 'bare sockets',
    must: { of: 'value', atMost: 20, orTimesBare: 1.5 },
    aim: { of: 'value', atMost: 8 },
  },
  {
    scenario: 'crowd',
    measure: '1000 messages/s to 1000, share delivered in time',
    unit: 'of 1',
    value: 'fast held',
    peer: undefined,
    must: { of: 'value', atLeast: 0.99 },
  },
  {
    ...rooms,
    measure: '500 rooms of 4, all publishing with acks',
    peer: 'socket.io',
    must: { of: 'ratio', atLeast: 1.5 },
  },
  {
    ...rooms,
    measure: '500 rooms of 4, all publishing with acks',
    peer: 'ws',
    must: { of: 'ratio', atLeast: 0.75 },
    aim: { of: 'ratio', atLeast: 1 },
  },
  {
    scenario: 'arrivals',
    measure: '10,000 idle connections, memory',
    unit: 'bytes per connection',
    value: 'bytes',
    peer: 'socket.io',
    must: { of: 'ratio', atMost: 0.8 },
    aim: { of: 'value', atMost: 6_000 },
  },
  {
    scenario: 'arrivals',
    measure: 'connect, HS256 token, subscribe',
    unit: 'connections per second of CPU',
    value: 'perCpuSecond',
    peer: 'socket.io',
    must: { of: 'ratio', atLeast: 1.5 },
    aim: { of: 'ratio', atLeast: 2 },
  },
  {
    scenario: 'ledger',
    measure: 'durable publish, 16 connections, 256 in flight',
    unit: 'acks/s',
    value: 'acked',
    peer: 'rows of bare node:sqlite',
    must: { of: 'ratio', atLeast: 1.5 },
    aim: { of: 'value', atLeast: 50_000 },
  },
  {
    scenario: 'return',
    measure: '1000 clients return for 100 missed events after kill -9: whole, once, in order',
    unit: 'of 1',
    value: 'whole',
    peer: undefined,
    must: { of: 'value', atLeast: 1 },
  },
  {
    scenario: 'return',
    measure: '1000 clients return for 100 missed events after kill -9: until all have them',
    unit: 's',
    value: 'seconds',
    peer: undefined,
    must: { of: 'value', atMost: 30 },
    aim: { of: 'value', atMost: 3 },
  },
  {
    scenario: 'delay',
    measure: 'event-loop delay under full load, p99',
    unit: 'ms',
    value: 'delay p99',
    peer: 'bare sockets',
    // The bare server writes to all 10,000 in one turn: a fifth of that is what yielding must gain at least.
    must: { of: 'value', atMost: 20, orTimesBare: 0.2 },
    aim: { of: 'value', atMost: 10 },
  },
]
