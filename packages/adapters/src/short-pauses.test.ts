import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const script = `
  import { readdirSync, readFileSync } from 'node:fs'
  import { getPriority } from 'node:os'
  import { yieldToServing } from '@parley/adapters/short-pauses'
  const count = yieldToServing()
  const nice = {}
  for (const thread of readdirSync('/proc/self/task')) {
    const name = readFileSync('/proc/self/task/' + thread + '/comm', 'latin1').trim()
    ;(nice[name] ??= []).push(getPriority(Number(thread)))
  }
  console.log(JSON.stringify({ count, nice, serving: getPriority(process.pid) }))
`

test.runIf(process.platform === 'linux')(
  'helpers of V8 run behind what serves; nothing else is slowed',
  () => {
    const arguments_ = ['--conditions=parley-source', '--input-type=module', '--eval', script]
    const { count, nice, serving } = JSON.parse(
      execFileSync(process.execPath, arguments_, { encoding: 'utf8', cwd: import.meta.dirname }),
    )
    const { V8Worker: helpers, ...others } = nice as Record<string, number[]>
    expect(count).toBeGreaterThan(0)
    expect(helpers).toEqual(Array.from({ length: count }, () => serving + 10))
    expect(
      Object.values(others)
        .flat()
        .every((each) => each === serving),
    ).toBe(true)
  },
)
