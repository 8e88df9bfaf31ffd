import { runCanaries } from './canaries/run.ts'
import { type TransportName, transportNames } from './lines.ts'
import { asText, isGood, summaryOf } from './report.ts'
import { type FaultName, runChaos } from './run.ts'

/** What `npm run chaos` is given. */
export interface Arguments {
  readonly minutes: string
  readonly seed: string
  /** Applications that publish and read. */
  readonly actors: string
  /** Clients that read, and come back all at once. */
  readonly crowd: string
  /** What carries the messages. */
  readonly transport: string
  /** Only these faults, by name. */
  readonly faults?: string
  /** Put the data on a small disk, where one can be mounted. */
  readonly mount: boolean
  /** Plant bugs as well, to see that they are noticed. */
  readonly canaries: boolean
  /** Only the canaries whose name has this in it. */
  readonly canary?: string
  readonly json: boolean
}

/** Answers the exit code. */
export async function main(given: Arguments, say: (line: string) => void): Promise<number> {
  const mistake = mistakeIn(given)
  if (mistake !== undefined) {
    say(mistake)
    return 2
  }
  const report = await runChaos({
    seed: Number(given.seed),
    durationMs: Number(given.minutes) * 60_000,
    actors: Number(given.actors),
    crowd: Number(given.crowd),
    transport: given.transport as TransportName,
    mounts: given.mount,
    faults: given.faults?.split(',') as readonly FaultName[] | undefined,
    say: given.json ? () => undefined : say,
  })
  if (given.json) say(JSON.stringify(report))
  else for (const line of asText(report)) say(line)
  const told = (finding: object) => say(JSON.stringify(finding))
  const findings = given.canaries ? await runCanaries({ only: given.canary, told }) : []
  say(JSON.stringify(summaryOf([report], findings)))
  return isGood(report, findings) ? 0 : 1
}

function mistakeIn(given: Arguments): string | undefined {
  if (!(Number(given.minutes) > 0 && Number(given.minutes) <= 24 * 60))
    return `\`--minutes\` takes a number above 0, up to a day of them, not \`${given.minutes}\`.`
  if (!transportNames.some((name) => name === given.transport))
    return `There is no transport \`${given.transport}\`. Take one of: ${transportNames.join(', ')}.`
  for (const name of ['seed', 'actors', 'crowd'] as const)
    if (!/^\d{1,6}$/.test(given[name])) return `\`--${name}\` takes a whole number, not \`${given[name]}\`.`
  return undefined
}
