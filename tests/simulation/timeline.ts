import type { Line, Schedule } from '@parley/kernel/simulation'

/** A schedule, one thing that happens a line. */
export function describeSchedule({
  seed,
  class: of,
  nodes,
  with: used = [],
  actions,
}: Schedule): readonly string[] {
  const things = actions.map(
    ({ at, do: name, who, channel, amount, forMs }) =>
      `${timeText(at)}  ${name.padEnd(20)} who ${who}, channel ${channel}, amount ${amount}, ${forMs} ms`,
  )
  const many = `${nodes} ${nodes === 1 ? 'node' : 'nodes'}`
  const besides = used.length === 0 ? '' : `, with ${used.join(' and ')}`
  return [`Seed ${seed}, class ${of}, ${many}${besides}, ${actions.length} things that happen:`, ...things]
}

/** What comes in runs: who, what with them, and which. */
const inRuns = /^(.+) (got|was promised) ((?:\d+: )?\S+)$/

/** What happens until the first thing that is wrong, as far as it has to do with it. */
export function timelineOf(lines: readonly Line[]): readonly string[] {
  const end = lines.findIndex(({ text }) => text.startsWith('VIOLATION'))
  if (end < 0) return []
  const { channel, who } = lines[end] as Line
  const concerned = lines
    .slice(0, end + 1)
    .filter(
      (line) => isOf(line.channel, channel) && (isOf(line.who, who) || line.text.includes('was promised')),
    )
  return ['What happens:', ...folded(concerned)]
}

const isOf = (its: string | undefined, wanted: string | undefined): boolean =>
  its === undefined || wanted === undefined || its === wanted

/** What somebody gets, or is promised, one after the other becomes one line. */
function folded(lines: readonly Line[]): readonly string[] {
  const texts: string[] = []
  let run: { readonly what: string; readonly first: string } | undefined
  for (const { at, text } of lines) {
    const [, who, verb, which = ''] = inRuns.exec(text) ?? []
    const what = `${who} ${verb}`
    const isMore = run !== undefined && what === run.what
    if (isMore) texts.pop()
    else run = who === undefined ? undefined : { what, first: which }
    texts.push(`${timeText(at)}  ${isMore ? `${what} ${run?.first} to ${which}` : text}`)
  }
  return texts
}

const timeText = (at: number): string => `${at.toFixed(1).padStart(9)} ms`
