import type UPlot from 'uplot'
import { clockWords } from '../data/words.ts'

/** Lines differ by their dashes too: not everybody tells colours apart. */
export const dashes: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 2, 2, 2], [4, 4], [1, 3]]

/** Colours of a chart, as the tokens have them where it stands. */
export interface ChartColors {
  readonly lines: readonly string[]
  readonly axis: string
  readonly grid: string
}

export function colorsOf(element: Element): ChartColors {
  const style = getComputedStyle(element)
  const token = (name: string) => style.getPropertyValue(name).trim()
  return {
    lines: dashes.map((_, index) => token(`--chart-${index + 1}`)),
    axis: token('--muted'),
    grid: token('--border'),
  }
}

interface ChartParts {
  readonly width: number
  readonly height: number
  readonly labels: readonly string[]
  readonly colors: ChartColors
  readonly words: (value: number) => string
  readonly span: () => readonly [from: number, to: number]
  /** In seconds since 1970. */
  readonly pointedAt: (seconds: number | undefined) => void
}

/** Charts with this key point at the same moment. */
const together = 'figures'
const font = '11px "JetBrains Mono Variable", ui-monospace, monospace'

export function chartOptions(parts: ChartParts): UPlot.Options {
  const { width, height, labels, colors } = parts
  const axis = {
    stroke: colors.axis,
    font,
    grid: { stroke: colors.grid, width: 1 },
    ticks: { show: false },
  }
  return {
    ...{ width, height },
    legend: { show: false },
    padding: [8, 28, 0, 0],
    cursor: {
      sync: { key: together },
      drag: { x: false, y: false },
      points: { size: 6 },
      y: false,
    },
    scales: {
      x: { time: true, range: () => parts.span().map((ms) => ms / 1_000) as [number, number] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 80,
        values: (_plot, seconds) => seconds.map((second) => clockWords(second * 1_000)),
      },
      { ...axis, size: 64, space: 32, values: (_plot, values) => values.map(parts.words) },
    ],
    series: [
      {},
      ...labels.map((label, index) => ({
        label,
        stroke: colors.lines[index % colors.lines.length] ?? colors.axis,
        width: 1.75,
        dash: [...(dashes[index % dashes.length] ?? [])],
        points: { show: false },
      })),
    ],
    hooks: {
      setCursor: [
        ({ cursor, data }) => {
          const { idx, left = -1 } = cursor
          parts.pointedAt(idx === null || idx === undefined || left < 0 ? undefined : data[0][idx])
        },
      ],
    },
  }
}
