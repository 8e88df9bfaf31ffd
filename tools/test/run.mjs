// Runs a command of a step and says how it ended.
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../runtime.mjs'

/** Runs Node with the arguments; resolves to { code, output }. With `live`, the output is shown as it comes. */
function runNode(args, { live = false } = {}) {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const take = (chunk) => {
      output += chunk
      if (live) process.stdout.write(chunk)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('close', (code) => done({ code: code ?? 1, output }))
  })
}

/** A step that is one command: one test. */
export const command =
  (...args) =>
  async (options) => {
    const { code, output } = await runNode(args, options)
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, output }
  }

/** A step that is a project of Vitest: its tests count one by one. */
export const vitest =
  (project, ...flags) =>
  async () => {
    const file = join(root, 'test-results', `${project}.json`)
    rmSync(file, { force: true })
    const { code, output } = await runNode(
      [
        'node_modules/vitest/vitest.mjs',
        'run',
        `--project=${project}`,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${file}`,
        '--passWithNoTests',
        ...flags,
      ],
      { live: true },
    )
    return { ...countTests(file, code), output }
  }

function countTests(file, code) {
  const report = readReport(file)
  const passed = report?.numPassedTests ?? 0
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
  // A file that does not load, an error outside of any test and a missed threshold fail the run, not a test.
  const failed = Math.max((report?.numFailedTests ?? 0) + countBrokenFiles(report), code === 0 ? 0 : 1)
  return { passed, failed, skipped }
}

const countBrokenFiles = (report) =>
  (report?.testResults ?? []).filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  ).length

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined // no test files, or Vitest ended before it could write: its exit code decides
  }
}
