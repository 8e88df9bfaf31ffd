import { type CliCommand, exitCodes, remoteOptions, UsageError } from '../command.ts'
import { checks } from '../doctor/checks.ts'
import type { Finding, HealthCheck, Patient } from '../doctor/finding.ts'
import { gatherPatient } from '../doctor/patient.ts'

const names = checks.map(({ name }) => name)
const marks = { ok: 'ok      ', warning: 'warning ', problem: 'PROBLEM ', skipped: '-       ' } as const

/** Finds out what is wrong. */
export const doctor: CliCommand = {
  name: 'doctor',
  summary: 'Find out what is wrong with a server or its surroundings, and how to mend it.',
  details:
    'Looks at configuration, keys, port, data, disk, schema, open files, clock, the server that answers, the services behind\n' +
    'it, and with --public-url at the proxy before it. Changes nothing.',
  options: [
    ...remoteOptions,
    {
      name: 'public-url',
      value: 'URL',
      summary: 'Where users reach the server: looks at the proxy in between.',
    },
    {
      name: 'only',
      value: 'CHECK',
      summary: `One check alone: ${names.join(', ')}.`,
      isRepeated: true,
      values: names,
    },
  ],
  examples: [
    ['parley doctor', 'the server that is configured here, whether it runs or not'],
    ['parley doctor --public-url https://parley.example.org', 'with the way that users take'],
    ['parley doctor --token eyJ…', 'why is this token refused'],
  ],
  exitCodes: { [exitCodes.failed]: 'there is a problem' },
  async run(invocation) {
    const { terminal, isJson } = invocation
    const wanted = invocation.all('only')
    const unknown = wanted.find((name) => !names.includes(name))
    if (unknown !== undefined)
      throw new UsageError(`There is no check \`${unknown}\`. There are: ${names.join(', ')}.`)
    const patient = await gatherPatient(invocation)
    const found: { check: string; finding: Finding }[] = []
    for (const check of checks.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
      terminal.line(`${check.title} …`)
      const finding = await look(check, patient)
      found.push({ check: check.name, finding })
      if (!isJson) terminal.out(asText(check, finding))
    }
    terminal.line('')
    const problems = found.filter(({ finding }) => finding.status === 'problem').length
    if (isJson)
      terminal.out(
        JSON.stringify(
          found.map(({ check, finding }) => ({ check, ...finding })),
          undefined,
          2,
        ),
      )
    else terminal.out(`\n${verdict(problems)}`)
    return problems === 0 ? exitCodes.done : exitCodes.failed
  },
}

/** A check that fails itself is a finding too. */
async function look(check: HealthCheck, patient: Patient): Promise<Finding> {
  try {
    return await check.look(patient)
  } catch (error) {
    return {
      status: 'warning',
      says: `It could not be looked at: ${(error as Error).message}`,
      mend: 'Try again.',
    }
  }
}

function asText({ title }: HealthCheck, { status, says, mend }: Finding): string {
  const lines = [`${marks[status]} ${title.padEnd(20)} ${says.replaceAll('\n', `\n${' '.repeat(30)}`)}`]
  if (mend !== undefined) lines.push(`${' '.repeat(30)}→ ${mend}`)
  return lines.join('\n')
}

function verdict(problems: number): string {
  if (problems === 0) return 'Nothing is wrong.'
  return problems === 1 ? 'There is one problem.' : `There are ${problems} problems.`
}
