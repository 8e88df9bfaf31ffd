import { type Page, root } from '../pages/page.ts'
import { generated } from './command-pages.ts'
import { cell } from './schema-table.ts'

interface Metric {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly labels: readonly string[]
}

/** The page on metrics, from what a server shows of itself in Prometheus' text format. */
export function metricsPage(exposition: string): Page {
  const metrics = parse(exposition)
  const own = metrics.filter(({ name }) => name.startsWith('parley_'))
  const others = metrics.filter(({ name }) => !name.startsWith('parley_'))
  const text = [
    '# Metrics',
    'Served at `/metrics` in the text format of Prometheus. No label holds a user, a channel or a session, so that the number of series is bounded. `deploy/` has a dashboard and alert rules.',
    table(own),
    '## The process',
    table(others),
  ].join('\n\n')
  return generated(`${root}reference/metrics/`, 'Metrics', text)
}

function table(metrics: readonly Metric[]): string {
  const rows = metrics.map(
    ({ name, type, help, labels }) =>
      `| \`${name}\` | ${type} | ${cell(help)}${labels.length === 0 ? '' : ` By ${labels.map((label) => `\`${label}\``).join(', ')}.`} |`,
  )
  return ['| Metric | Type | Meaning |', '| --- | --- | --- |', ...rows].join('\n')
}

function parse(exposition: string): readonly Metric[] {
  const lines = exposition.split('\n')
  return lines.flatMap((line, index) => {
    const [, name, help] = /^# HELP (\S+) (.*)$/.exec(line) ?? []
    if (name === undefined || help === undefined) return []
    const type = /^# TYPE \S+ (\w+)$/.exec(lines[index + 1] ?? '')?.[1] ?? 'untyped'
    return [{ name, type, help, labels: labelsOf(name, lines) }]
  })
}

/** The labels seen; `le` and `quantile` belong to the type. */
function labelsOf(name: string, lines: readonly string[]): readonly string[] {
  const names = lines
    .filter((line) => line.startsWith(`${name}{`))
    .flatMap((line) => [...line.matchAll(/(\w+)="/g)].map((match) => match[1] as string))
  return [...new Set(names)].filter((label) => label !== 'le' && label !== 'quantile')
}
