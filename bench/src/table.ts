import type { Line } from './lines.ts'

const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 })
const text = (value: number | null): string => (value === null ? '–' : digits.format(value))

/** The lines as a table for people. */
export function tableOf(lines: readonly Line[]): string {
  const [head, ...rows] = cellsOf(lines)
  const all = [head as string[], ...rows]
  const widths = (head as string[]).map((_, column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0)),
  )
  const padded = all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] as number)))
  return padded.map((row) => row.join('  ').trimEnd()).join('\n')
}

/** The lines as a table for a page of the documentation. */
export function markdownOf(lines: readonly Line[]): string {
  const [head, ...rows] = cellsOf(lines).map((row) => `| ${row.join(' | ')} |`)
  return [head, '|---|---|---:|---|---:|---|---:|---|---|---|', ...rows].join('\n')
}

function cellsOf(lines: readonly Line[]): string[][] {
  const head = ['Measure', 'Unit', 'Ours', 'Beside', 'Theirs', 'Verdict', 'Ratio', 'Rounds', 'Must', 'Aim']
  return [
    head,
    ...lines.map((line) => [
      line.measure,
      line.unit,
      text(line.ours),
      line.peer ?? '–',
      text(line.peerValue),
      verdictOf(line),
      text(line.ratio),
      line.spread === null ? '–' : line.spread.map(text).join('–'),
      line.must,
      line.aim ?? '–',
    ]),
  ]
}

function verdictOf({ pass, aimed, skipped, rough }: Line): string {
  if (skipped !== undefined) return `${pass === null ? 'skipped' : 'fails'}: ${skipped.split('\n', 1)[0]}`
  const verdict = pass ? (aimed === true ? 'passes, aim too' : 'passes') : 'fails'
  return rough === true ? `${verdict} (rough)` : verdict
}
