import type { Figures } from '../charts/figures-store.ts'
import { useAnswer } from '../data/use-answer.ts'
import { byteWords, countWords, durationWords } from '../data/words.ts'
import { Tag } from '../table/tag.tsx'
import { perSecond } from './groups.ts'
import styles from './overview.module.css'

/** The few numbers that one looks at first. */
export function Tiles({ newest }: { readonly newest: Figures }) {
  const { connections, messages, latency, process } = newest
  const drops = Object.values(newest.drops).reduce((sum, count) => sum + count, 0)
  const rate = (count: number) => `${countWords(perSecond(count, newest))} /s`
  const tiles: readonly (readonly [name: string, value: string])[] = [
    ['Connections', countWords(connections.open)],
    ['Published', rate(messages.published)],
    ['Delivered', rate(messages.delivered + messages.caughtUp)],
    ['Call, p99', latency.call.count === 0 ? '–' : durationWords(latency.call.p99)],
    ['Event loop, p99', durationWords(process.eventLoop.p99)],
    ['Memory', byteWords(process.rssBytes)],
    ['Drops', rate(drops)],
  ]
  return (
    <dl className={styles.tiles}>
      <Health />
      {tiles.map(([name, value]) => (
        <div key={name} className={styles.tile}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Health() {
  const { data } = useAnswer('operations.health', {}, { everyMs: 15_000 })
  const bad = data?.checks.filter(({ ok }) => !ok) ?? []
  return (
    <div className={styles.tile}>
      <dt>Health</dt>
      <dd title={bad.map(({ problem }) => problem).join('\n')}>
        {data === undefined ? '…' : <Tag tone={data.healthy ? 'good' : 'bad'}>{healthWords(bad)}</Tag>}
      </dd>
    </div>
  )
}

function healthWords(bad: readonly { readonly name: string }[]): string {
  return bad.length === 0 ? 'good' : bad.map(({ name }) => name).join(', ')
}
