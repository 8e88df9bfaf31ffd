import { NativeSelect } from '@mantine/core'
import { Choice, Failure, Skeleton } from '@parley/look'
import { useRealtime } from '@parley/react'
import { useMemo } from 'react'
import { Chart } from '../charts/chart.tsx'
import type { Figures } from '../charts/figures-store.ts'
import { SharedHover } from '../charts/hover.tsx'
import { useFigures } from '../charts/use-figures.tsx'
import { useParameters } from '../data/use-parameters.ts'
import { Page } from '../page/page.tsx'
import { type ChartPlan, groups } from './groups.ts'
import styles from './overview.module.css'
import { Tiles } from './tiles.tsx'

const spans = [
  { value: '1', label: '1 min' },
  { value: '5', label: '5 min' },
  { value: '15', label: '15 min' },
] as const

/** What the server is doing at this moment. */
export function OverviewPage() {
  const [{ node: wanted, minutes = '1' }, change] = useParameters()
  const { nodes, node, figures, problem } = useFigures(wanted)
  const { connectionStatus } = useRealtime()
  const newest = figures.at(-1)
  const filters = (
    <>
      <Choice
        label="Time shown"
        isLabelHidden
        options={spans}
        value={minutes}
        onChange={(value) => change({ minutes: value === '1' ? undefined : value })}
      />
      {nodes.length > 1 && (
        <NativeSelect
          aria-label="Node"
          data={[...nodes]}
          value={node ?? ''}
          onChange={(event) => change({ node: event.currentTarget.value })}
        />
      )}
    </>
  )
  return (
    <Page
      title="Overview"
      filters={filters}
      lead="Measured once a second, while somebody looks. Point at a chart to see that moment in all of them."
    >
      {newest !== undefined ? (
        <>
          <Tiles newest={newest} />
          <Groups figures={figures} minutes={Number(minutes)} />
        </>
      ) : problem !== undefined ? (
        <Failure title="There are no figures" message={problem} />
      ) : (
        <Skeleton
          label={connectionStatus === 'connected' ? 'Waiting for the first figures' : 'Connecting'}
          shape="rows"
        />
      )}
    </Page>
  )
}

function Groups({ figures, minutes }: { readonly figures: readonly Figures[]; readonly minutes: number }) {
  const end = figures.at(-1)?.at ?? 0
  const shown = useMemo(
    () => figures.filter(({ at }) => at >= end - minutes * 60_000),
    [figures, end, minutes],
  )
  const times = useMemo(() => shown.map(({ at }) => at), [shown])
  const span = [end - minutes * 60_000, end] as const
  return (
    <SharedHover>
      {groups.map(({ title, charts }) => (
        <section key={title} aria-label={title}>
          <h2 className={styles.group}>{title}</h2>
          <div className={styles.charts}>
            {charts.map((plan) => (
              <PlannedChart key={plan.title} plan={plan} figures={shown} times={times} span={span} />
            ))}
          </div>
        </section>
      ))}
    </SharedHover>
  )
}

interface PlannedChartProps {
  readonly plan: ChartPlan
  readonly figures: readonly Figures[]
  readonly times: readonly number[]
  readonly span: readonly [number, number]
}

function PlannedChart({ plan, figures, times, span }: PlannedChartProps) {
  const lines = useMemo(() => plan.lines(figures), [plan, figures])
  return <Chart title={plan.title} times={times} lines={lines} words={plan.words} span={span} />
}
