import { execFileSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { plantTree, root } from './tree.ts'

/** Where a line may not stand, and what the linter says about it. */
const refused: [path: string, line: string, rule: string][] = [
  ['packages/kernel/src/a.ts', 'export const a = () => Date.now()', 'plugin'],
  ['packages/kernel/src/b.ts', 'export const b = () => new Date()', 'plugin'],
  ['packages/modules/src/chat/c.ts', 'export const c = () => Math.random()', 'plugin'],
  ['packages/modules/src/chat/d.ts', 'export const d = () => setTimeout(() => 0, 1)', 'noRestrictedGlobals'],
  ['packages/kernel/src/e.ts', 'export const e = () => setImmediate(() => 0)', 'noRestrictedGlobals'],
  ['packages/client/src/f.ts', 'export const f = () => Date.now()', 'plugin'],
  ['packages/client/src/g.ts', 'export const g = () => setInterval(() => 0, 1)', 'noRestrictedGlobals'],
  ['packages/adapters/src/broker/h.ts', 'export const h = () => process.env.HOME', 'noProcessEnv'],
  ['apps/server/src/i.ts', "console.log('hello')", 'noConsole'],
  ['apps/server/src/j.ts', 'export default 1', 'noDefaultExport'],
  ['apps/server/src/k.ts', 'export const k: any = 1', 'noExplicitAny'],
  ['apps/server/src/bigThing.ts', 'export const l = 1', 'useFilenamingConvention'],
]

const allowed: [path: string, line: string][] = [
  ['packages/client/src/platform.ts', 'export const now = () => Date.now() + Math.random()'],
  ['packages/kernel/src/m.test.ts', 'export const m = () => Date.now()'],
  ['packages/kernel/src/n.ts', 'export const n = (at: number) => new Date(at).toISOString()'],
  ['packages/adapters/src/broker/o.ts', 'export const o = () => setTimeout(() => Date.now(), 1)'],
  ['apps/server/src/config.ts', 'export const p = process.env'],
  ['tools/q.mjs', "console.log('hello')"],
]

test('the linter refuses each planted line, and nothing else', () => {
  const lines = [...refused, ...allowed].map(([path, line]) => [path, `${line}\n`])
  const tree = plantTree(Object.fromEntries(lines))
  for (const path of ['biome.jsonc', '.gitignore', 'tools/lint']) {
    cpSync(join(root, path), join(tree.folder, path), { recursive: true })
  }
  const found = lint(tree.folder)
  tree.remove()
  expect(found.sort()).toEqual(refused.map(([path, , rule]) => `${path} ${rule}`).sort())
})

function lint(folder: string): string[] {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const args = [biome, 'lint', '--reporter=github', '--max-diagnostics=none', '--vcs-enabled=false']
  try {
    execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
    return []
  } catch (error) {
    const { stdout } = error as { stdout: string }
    return [...stdout.matchAll(/title=([\w/]+),file=([^,]+)/g)].map(
      ([, rule = '', file = '']) =>
        `${file.slice(file.indexOf(folder) + folder.length + 1)} ${rule.split('/').at(-1)}`,
    )
  }
}
