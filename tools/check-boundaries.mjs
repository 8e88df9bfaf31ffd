// Checks the direction of imports by dependency-cruiser. It also checks that every source was really read:
// a parser that does not understand the sources reads nothing and finds no violation.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { cruise } from 'dependency-cruiser'
import { forbidden, options } from './boundaries/rules.mjs'
import { listSources } from './tree.mjs'

const root = resolve(process.argv[2] ?? '.')
process.chdir(root)

const expected = listSources(root)
const folders = ['packages', 'apps', 'bench', 'tests'].filter((name) =>
  expected.some((file) => file.startsWith(`${name}/`)),
)
const report = await cruise(folders, {
  ...options,
  baseDir: root,
  validate: true,
  ruleSet: { forbidden },
})

const { modules, summary } = report.output
const read = new Map(modules.map((module) => [module.source, module]))
const missed = expected.filter((file) => !read.has(file))
const deaf = expected.filter((file) => importsSomething(file) && read.get(file)?.dependencies.length === 0)

for (const { rule, from, to, cycle } of summary.violations) {
  const way = cycle ? [from, ...cycle.map((step) => step.name)] : [...new Set([from, to])]
  const { comment } = forbidden.find(({ name }) => name === rule.name)
  console.error(`${way.join(' → ')}\n  ${rule.name}: ${comment}`)
}
for (const file of missed) console.error(`${file}\n  was not read.`)
for (const file of deaf) console.error(`${file}\n  imports something, but no import of it was read.`)

const found = summary.violations.length + missed.length + deaf.length
console.log(
  `${expected.length} sources, ${summary.totalDependenciesCruised} imports, ${forbidden.length} rules, ${found} violations.`,
)
if (found > 0 || expected.length === 0) process.exitCode = 1

function importsSomething(file) {
  return /^(import|export)\b[^;]*?\bfrom\s+['"]|^import\s+['"]/m.test(
    readFileSync(resolve(root, file), 'utf8'),
  )
}
