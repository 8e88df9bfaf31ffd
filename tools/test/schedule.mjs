// Chooses steps and runs them: those of one group two at a time, the others one after another.
import { steps } from './steps.mjs'

/** All steps, or the named ones with those that they need. */
export function chooseSteps(names) {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name))
  if (unknown.length > 0) {
    console.error(`No step "${unknown[0]}". There are: ${steps.map(({ name }) => name).join(', ')}.`)
    process.exit(2)
  }
  const wanted = new Set(names.length > 0 ? names : steps.map(({ name }) => name))
  for (const { name, needs = [] } of [...steps].reverse()) {
    if (wanted.has(name)) for (const other of needs) wanted.add(other)
  }
  return steps.filter(({ name }) => wanted.has(name))
}

/** Resolves to the steps with their counts and seconds, in the order of the table. */
export async function runSteps(chosen, absent) {
  const results = new Map()
  const run = async (step) => results.set(step.name, await runStep(step, results, absent))
  const together = chosen.filter(({ group }) => group === 'static')
  const next = async () => {
    for (let step = together.shift(); step; step = together.shift()) await run(step)
  }
  await Promise.all([next(), next()])
  for (const step of chosen.filter(({ group }) => group !== 'static')) await run(step)
  return chosen.map((step) => ({ ...step, ...results.get(step.name) }))
}

async function runStep(step, results, absent) {
  const broken = step.needs?.find((name) => results.get(name)?.failed > 0)
  if (broken) return { passed: 0, failed: 1, skipped: 0, seconds: 0, note: `needs ${broken}` }
  const missing = [...absent].find(([, names]) => names.includes(step.name))?.[0]
  if (missing && step.whole) return { passed: 0, failed: 0, skipped: 1, seconds: 0, note: `needs ${missing}` }
  const started = performance.now()
  if (step.group !== 'static') console.log(`\n── ${step.title}`)
  const result = await step.run()
  const seconds = (performance.now() - started) / 1000
  if (step.group === 'static') {
    console.log(`\n── ${step.title}: ${result.failed > 0 ? 'failed' : 'passed'}, ${seconds.toFixed(1)} s`)
    console.log(result.output.trim())
  }
  return { ...result, seconds }
}
