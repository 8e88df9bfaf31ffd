// The table at the end of `npm test`, and its last line.

/** Prints one line a step and the sum; returns the sum. */
export function printReport(results, { absent, forbidsSkips, seconds }) {
  const counted = forbidsSkips ? results.map(asFailure) : results
  const sum = (key) => counted.reduce((total, result) => total + result[key], 0)
  const total = { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }

  console.log('\nStep         Passed  Failed  Skipped   Seconds')
  for (const { name, passed, failed, skipped, seconds: took, note = '' } of counted) {
    const cells = [
      name.padEnd(12),
      cell(passed, 7),
      cell(failed, 8),
      cell(skipped, 9),
      cell(took.toFixed(1), 10),
    ]
    console.log(`${cells.join('')}  ${failed > 0 ? 'failed' : ''} ${note}`.trimEnd())
  }
  console.log()
  for (const [command, steps] of absent) {
    console.log(`${command} is not installed: what needs it in ${steps.join(', ')} was skipped.`)
  }
  if (counted.some(({ forbidden }) => forbidden > 0))
    console.log('Skips count as failures here (CI or PARLEY_TEST_NO_SKIP).')
  console.log(`${seconds.toFixed(0)} s in all.`)
  const skips = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
  console.log(`${total.passed} passed, ${total.failed} failed${skips}`)
  return total
}

const asFailure = (result) => ({
  ...result,
  failed: result.failed + result.skipped,
  skipped: 0,
  forbidden: result.skipped,
})

const cell = (value, width) => String(Number(value) ? value : '–').padStart(width)
