import { expect, test } from 'vitest'
import { prometheusMetrics } from './prometheus.ts'

test('counters, histograms and gauges are rendered with help, labels and values', async () => {
  const metrics = prometheusMetrics()
  const published = metrics.counter('parley_events_published_total', 'Events published.', ['kind'])
  published.add(1, { kind: 'chat' })
  published.add(2, { kind: 'chat' })
  metrics.counter('parley_commits_total', 'Commits.').add()
  const seconds = metrics.histogram('parley_commit_seconds', 'Duration of commits.', [0.01, 0.1], ['store'])
  seconds.observe(0.05, { store: 'sqlite' })
  metrics.histogram('parley_batch_bytes', 'Size of batches.', [1_024]).observe(10)
  let sessions = 3
  metrics.gauge('parley_sessions', 'Sessions now.', () => sessions)
  metrics.total('parley_deliveries_total', 'Deliveries.', ['path'], () => [
    { labels: { path: 'live' }, value: sessions },
  ])
  sessions = 4
  const { contentType, text } = await metrics.render()
  expect(contentType).toMatch(/^text\/plain/)
  for (const line of [
    '# HELP parley_events_published_total Events published.',
    '# TYPE parley_events_published_total counter',
    'parley_events_published_total{kind="chat"} 3',
    'parley_commits_total 1',
    'parley_commit_seconds_bucket{le="0.1",store="sqlite"} 1',
    'parley_batch_bytes_count 1',
    'parley_sessions 4',
    '# TYPE parley_deliveries_total counter',
    'parley_deliveries_total{path="live"} 4',
  ])
    expect(text).toContain(line)
  expect(metrics.describe().map(({ name }) => name)).toEqual([
    'parley_batch_bytes',
    'parley_commit_seconds',
    'parley_commits_total',
    'parley_deliveries_total',
    'parley_events_published_total',
    'parley_sessions',
  ])
  // A total is what it is, however often it is read.
  expect((await metrics.render()).text).toContain('parley_deliveries_total{path="live"} 4')
  expect(text).toContain('process_resident_memory_bytes')
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds')
})

test('two nodes in one process measure apart, and a name may be declared twice', async () => {
  const [one, two] = [prometheusMetrics(), prometheusMetrics()]
  one.counter('parley_calls_total', 'Calls.').add()
  one.counter('parley_calls_total', 'Calls.').add()
  two.counter('parley_calls_total', 'Calls.').add()
  one.gauge('parley_open', 'Open.', () => 1)
  one.gauge('parley_open', 'Open.', () => 2)
  expect((await one.render()).text).toContain('parley_calls_total 2')
  expect((await one.render()).text).toContain('parley_open 2')
  expect((await two.render()).text).toContain('parley_calls_total 1')
})
