import type { Line } from '../charts/chart.tsx'
import type { Figures } from '../charts/figures-store.ts'
import { byteWords, countWords, durationWords } from '../data/words.ts'

/** A chart over figures. */
export interface ChartPlan {
  readonly title: string
  readonly words: (value: number) => string
  readonly lines: (figures: readonly Figures[]) => readonly Line[]
}

type Reading = readonly [label: string, read: (figures: Figures) => number | undefined]

const plan = (title: string, words: ChartPlan['words'], readings: readonly Reading[]): ChartPlan => ({
  title,
  words,
  lines: (figures) => readings.map(([label, read]) => ({ label, values: figures.map(read) })),
})

type Percentiles = Figures['latency']['call']
/** Nothing happened: there is nothing to tell. */
const when = (percentiles: Percentiles, name: 'p50' | 'p90' | 'p99' | 'max') =>
  percentiles.count === 0 ? undefined : percentiles[name]

const percentilesPlan = (title: string, of: (figures: Figures) => Percentiles): ChartPlan =>
  plan(title, durationWords, [
    ['p50', (figures) => when(of(figures), 'p50')],
    ['p90', (figures) => when(of(figures), 'p90')],
    ['p99', (figures) => when(of(figures), 'p99')],
    ['most', (figures) => when(of(figures), 'max')],
  ])

/** Counts of an interval as so many a second. */
export const perSecond = (count: number, { intervalMs }: Figures) => (count * 1_000) / Math.max(intervalMs, 1)

/** The charts of the overview, in groups. */
export const groups: readonly { readonly title: string; readonly charts: readonly ChartPlan[] }[] = [
  {
    title: 'Connections',
    charts: [
      plan('Connections', countWords, [
        ['open', ({ connections }) => connections.open],
        ['sessions', ({ connections }) => connections.sessions],
      ]),
      plan('Coming and going, per second', countWords, [
        ['opened', (figures) => perSecond(figures.connections.opened, figures)],
        ['closed', (figures) => perSecond(figures.connections.closed, figures)],
      ]),
    ],
  },
  {
    title: 'Messages',
    charts: [
      plan('Messages per second', countWords, [
        ['received', (figures) => perSecond(figures.messages.received, figures)],
        ['published', (figures) => perSecond(figures.messages.published, figures)],
      ]),
      plan('Deliveries per second', countWords, [
        ['live', (figures) => perSecond(figures.messages.delivered, figures)],
        ['caught up', (figures) => perSecond(figures.messages.caughtUp, figures)],
        ['queued', (figures) => perSecond(figures.messages.queued, figures)],
      ]),
      percentilesPlan('From a call to its answer', ({ latency }) => latency.call),
      percentilesPlan('From a batch to its last member', ({ latency }) => latency.delivery),
      percentilesPlan('Commit time', ({ latency }) => latency.commit),
      { title: 'Drops by reason, per second', words: countWords, lines: dropLines },
    ],
  },
  {
    title: 'Collaboration',
    charts: [
      plan('Users and channels', countWords, [
        ['users with a session', ({ collaboration }) => collaboration.users],
        ['channels in use', ({ connections }) => connections.channels],
      ]),
      { title: 'Published by kind, per second', words: countWords, lines: kindLines },
    ],
  },
  {
    title: 'Performance',
    charts: [
      percentilesPlan('Event-loop delay', ({ process }) => process.eventLoop),
      plan('Processor, share of one core', (share) => `${countWords(share * 100)} %`, [
        ['used', ({ process }) => process.cpu],
      ]),
      plan('Memory', byteWords, [
        ['resident', ({ process }) => process.rssBytes],
        ['heap', ({ process }) => process.heapBytes],
      ]),
      plan('Bandwidth, per second', byteWords, [
        ['received', (figures) => perSecond(figures.traffic.received, figures)],
        ['sent', (figures) => perSecond(figures.traffic.sent, figures)],
      ]),
      plan('Queue depth', countWords, [
        ['units for the store', ({ queues }) => queues.store],
        ['calls without answer', ({ queues }) => queues.calls],
      ]),
    ],
  },
]

const maxLines = 6
type Counts = Readonly<Record<string, number>>

/** Counts by name as lines, a second: those that come up most; one line for none of them. */
function linesOf(
  figures: readonly Figures[],
  countsOf: (figures: Figures) => Counts,
  words: (name: string) => string,
): readonly Line[] {
  const totals = new Map<string, number>()
  for (const one of figures)
    for (const [name, count] of Object.entries(countsOf(one)))
      totals.set(name, (totals.get(name) ?? 0) + count)
  const names = [...totals].sort((one, other) => other[1] - one[1]).slice(0, maxLines)
  if (names.length === 0) return [{ label: 'none', values: figures.map(() => 0) }]
  return names.map(([name]) => ({
    label: words(name),
    values: figures.map((one) => perSecond(countsOf(one)[name] ?? 0, one)),
  }))
}

function dropLines(figures: readonly Figures[]): readonly Line[] {
  return linesOf(figures, ({ drops }) => drops, reasonWords)
}

function kindLines(figures: readonly Figures[]): readonly Line[] {
  return linesOf(
    figures,
    ({ collaboration }) => collaboration.published,
    (kind) => kind,
  )
}

/** `connection.ping_timeout` → `connection: ping timeout`. */
function reasonWords(reason: string): string {
  return reason.replace('.', ': ').replaceAll('_', ' ')
}
