import 'uplot/dist/uPlot.min.css'
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useId, useMemo, useRef } from 'react'
import UPlot from 'uplot'
import styles from './chart.module.css'
import { type Hover, useHover } from './hover.tsx'
import { chartOptions, colorsOf, dashes } from './options.ts'

/** One line of a chart; `undefined` where there is nothing to tell. */
export interface Line {
  readonly label: string
  readonly values: readonly (number | undefined)[]
}

interface ChartProps {
  readonly title: string
  /** Moments of the values, in ms since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  /** A value in words, with its unit. */
  readonly words: (value: number) => string
  /** Begin and end of what is shown, in ms since 1970: the same for all charts. */
  readonly span: readonly [from: number, to: number]
}

/** Lines over time. The legend has the values of the moment that is pointed at in any chart, else the newest. */
export function Chart({ title, times, lines, words, span }: ChartProps) {
  const id = useId()
  const { hover, at } = useHover()
  const index = at === undefined ? times.length - 1 : nearest(times, at)
  return (
    <figure className={styles.chart} aria-labelledby={id}>
      <figcaption id={id} className={styles.title}>
        {title}
      </figcaption>
      <dl className={styles.legend}>
        {lines.map(({ label, values }, line) => {
          const value = values[index]
          return (
            <div key={label} className={styles.entry}>
              <dt>
                <Sample line={line} />
                {label}
              </dt>
              <dd>{value === undefined ? '–' : words(value)}</dd>
            </div>
          )
        })}
      </dl>
      <Plot times={times} lines={lines} words={words} span={span} hover={hover} />
    </figure>
  )
}

/** How a line is drawn: colour and dashes. */
function Sample({ line }: { readonly line: number }) {
  return (
    <svg className={styles.sample} width="18" height="8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="18"
        y2="4"
        stroke={`var(--chart-${line + 1})`}
        strokeWidth="2"
        strokeDasharray={dashes[line]?.join(' ')}
      />
    </svg>
  )
}

interface PlotProps extends Omit<ChartProps, 'title'> {
  readonly hover: Hover
}

const height = 148

function Plot({ times, lines, words, span, hover }: PlotProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)
  const scheme = useComputedColorScheme('light')
  const labels = lines.map(({ label }) => label).join('\n')
  const data = useMemo(() => dataOf(times, lines), [times, lines])
  const latest = useRef({ data, words, span })
  latest.current = { data, words, span }
  // biome-ignore lint/correctness/useExhaustiveDependencies: another scheme or other lines are another drawing.
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const options = chartOptions({
      ...{ width: element.clientWidth, height, labels: labels.split('\n'), colors: colorsOf(element) },
      words: (value) => latest.current.words(value),
      span: () => latest.current.span,
      pointedAt: (seconds) => hover.set(seconds === undefined ? undefined : seconds * 1_000),
    })
    const made = new UPlot(options, latest.current.data, element)
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [labels, scheme, hover])
  useEffect(() => plot.current?.setData(data), [data])
  return <div ref={place} className={styles.plot} aria-hidden="true" />
}

function dataOf(times: readonly number[], lines: readonly Line[]): UPlot.AlignedData {
  return [
    times.map((time) => time / 1_000),
    ...lines.map(({ values }) => values.map((value) => value ?? null)),
  ] as UPlot.AlignedData
}

/** Index of the moment nearest to a time. */
function nearest(times: readonly number[], at: number): number {
  let [low, high] = [0, times.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] as number) < at) low = middle + 1
    else high = middle
  }
  const before = times[low - 1]
  const found = times[low]
  return before !== undefined && found !== undefined && at - before < found - at ? low - 1 : low
}
