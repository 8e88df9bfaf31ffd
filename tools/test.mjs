// npm test [-- <step>…]: every check and test of the project. It goes on after a failure; the last line counts.
// A machine that lacks something skips what needs it and says so; with CI=true or PARLEY_TEST_NO_SKIP=1 a skip fails.
import { ensurePackages } from './packages.mjs'
import { ensureRuntime } from './runtime.mjs'
import { printReport } from './test/report.mjs'
import { chooseSteps, runSteps } from './test/schedule.mjs'
import { provideSystem } from './test/system.mjs'

await ensureRuntime()
await ensurePackages()
process.env.NO_COLOR ??= process.stdout.isTTY ? '' : '1'

const chosen = chooseSteps(process.argv.slice(2))
const absent = provideSystem(chosen.map(({ name }) => name))
const started = performance.now()
const results = await runSteps(chosen, absent)
const forbidsSkips = process.env.CI === 'true' || process.env.PARLEY_TEST_NO_SKIP === '1'
const { failed } = printReport(results, {
  absent,
  forbidsSkips,
  seconds: (performance.now() - started) / 1000,
})
process.exit(failed > 0 ? 1 : 0)
