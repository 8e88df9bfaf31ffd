import type { Line, Schedule } from '@parley/kernel/simulation'

/** A schedule, one thing that happens a line. */
export function describeSchedule({ seed, class: of, nodes, actions }: Schedule): readonly string[] {
  const things = actions.map(
    ({ at, do: name, who, channel, amount, forMs }) =>
      `${timeText(at)}  ${name.padEnd(20)} who ${who}, channel ${channel}, amount ${amount}, ${forMs} ms`,
  )
  const many = `${nodes} ${nodes === 1 ? 'node' : 'nodes'}`
  return [`Seed ${seed}, class ${of}, ${many}, ${actions.length} things that happen:`, ...things]
}

const received = /^(.+) got (\d+): (\S+)$/

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

/** Events that somebody gets one after the other become one line. */
function folded(lines: readonly Line[]): readonly string[] {
  const texts: string[] = []
  let run: { readonly reader: string; readonly from: string } | undefined
  for (const { at, text } of lines) {
    const [, reader, offset, id] = received.exec(text) ?? []
    const isMore = run !== undefined && reader === run.reader
    if (isMore) texts.pop()
    else run = reader === undefined ? undefined : { reader, from: `${offset}: ${id}` }
    texts.push(`${timeText(at)}  ${isMore ? `${reader} got ${run?.from} to ${offset}: ${id}` : text}`)
  }
  return texts
}

const timeText = (at: number): string => `${at.toFixed(1).padStart(9)} ms`
