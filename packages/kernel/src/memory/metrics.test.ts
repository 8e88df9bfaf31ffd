import { expect, test } from 'vitest'
import { silentLogger } from './logger.ts'
import { memoryMetrics } from './metrics.ts'

test('counters add up by labels, in whatever order these are given', () => {
  const metrics = memoryMetrics()
  const counter = metrics.counter('events_total', 'Events.', ['kind', 'lane'])
  counter.add()
  counter.add(2, { kind: 'room', lane: 'high' })
  metrics.counter('events_total', 'Events.').add(3, { lane: 'high', kind: 'room' })
  expect(metrics.value('events_total')).toBe(1)
  expect(metrics.value('events_total', { kind: 'room', lane: 'high' })).toBe(5)
  expect(metrics.value('events_total', { kind: 'other' })).toBe(0)
})

test('histograms count and sum, gauges are read when asked', () => {
  const metrics = memoryMetrics()
  const histogram = metrics.histogram('wait_seconds', 'Waiting.', [1, 2])
  histogram.observe(0.5)
  histogram.observe(1.5)
  let open = 3
  metrics.gauge('connections', 'Open.', () => open)
  metrics.total('sent_total', 'Sent.', ['path'], () => [{ labels: { path: 'live' }, value: open }])
  open = 4
  expect([metrics.value('wait_seconds'), metrics.sum('wait_seconds')]).toEqual([2, 2])
  expect(metrics.value('connections')).toBe(4)
  expect(metrics.value('sent_total', { path: 'live' })).toBe(4)
  expect(metrics.value('sent_total', { path: 'other' })).toBe(0)
  expect(metrics.names()).toEqual(['wait_seconds', 'connections', 'sent_total'])
})

test('the silent logger takes everything', () => {
  const log = silentLogger.child({ node: 1 })
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    expect(log[level]('text', {})).toBeUndefined()
})
