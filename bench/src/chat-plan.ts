import type { LinePlan } from './lines.ts'

const alone = { peer: undefined } as const
const archive = { scenario: 'archive', unit: 'ms', ...alone } as const
const typing = { scenario: 'typing', ...alone } as const
const presence = { scenario: 'presence', ...alone } as const
const hall = { scenario: 'hall', unit: 'ms', ...alone } as const

/** The lines of `chat`. */
export const chatPlan: readonly LinePlan[] = [
  {
    scenario: 'send',
    measure: 'chat.send, 16 connections, 256 in flight',
    unit: 'acks/s',
    value: 'acked',
    peer: 'rows of bare node:sqlite',
    must: { of: 'ratio', atLeast: 0.7 },
    aim: { of: 'value', atLeast: 20_000 },
  },
  {
    ...archive,
    measure: 'page of 50 from 1,000,000 messages, p99',
    value: 'history',
    must: { of: 'value', atMost: 10 },
  },
  {
    ...archive,
    measure: 'search over 1,000,000 messages in 500 rooms, p99',
    value: 'search',
    must: { of: 'value', atMost: 50 },
  },
  {
    ...archive,
    measure: 'event-loop delay while searching, p99',
    value: 'delay p99',
    must: { of: 'value', atMost: 20 },
    aim: { of: 'value', atMost: 10 },
  },
  {
    ...archive,
    measure: 'unread counts of 500 rooms in one call, p99',
    value: 'unread',
    must: { of: 'value', atMost: 10 },
  },
  {
    scenario: 'talk',
    measure: '5,000 messages/s in 10,000 conversations, client to client, p99',
    unit: 'ms',
    value: 'p99',
    ...alone,
    must: { of: 'value', atMost: 50 },
  },
  {
    scenario: 'talk',
    measure: '5,000 messages/s in 10,000 conversations, share acked in time',
    unit: 'of 1',
    value: 'held',
    ...alone,
    must: { of: 'value', atLeast: 0.99 },
  },
  {
    ...hall,
    unit: 'of 1',
    measure: 'one message to 10,000 members online: share reached',
    value: 'reached',
    must: { of: 'value', atLeast: 1 },
  },
  {
    ...hall,
    measure: '10,000 members online, 5,000 leave and come back at once: longest event-loop stall',
    value: 'delay max',
    must: { of: 'value', atMost: 50 },
  },
  {
    ...typing,
    measure: '1,000 typing events/s of 5,000 people, client to client, p99',
    unit: 'ms',
    value: 'p99',
    must: { of: 'value', atMost: 30 },
  },
  {
    ...typing,
    measure: '1,000 typing events/s: share seen',
    unit: 'of 1',
    value: 'seen',
    must: { of: 'value', atLeast: 0.99 },
  },
  {
    ...presence,
    measure: '200 presence changes/s among 20,000 users with 20 contacts, client to client, p99',
    unit: 'ms',
    value: 'p99',
    must: { of: 'value', atMost: 100 },
  },
  {
    ...presence,
    measure: '200 presence changes/s: share seen',
    unit: 'of 1',
    value: 'seen',
    must: { of: 'value', atLeast: 0.99 },
  },
]
