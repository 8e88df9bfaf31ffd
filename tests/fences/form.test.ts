import { expect, test } from 'vitest'
import { rules } from '../../tools/form/rules.mjs'
import { plantTree, runCheck } from './tree.ts'

const lines = (count: number) => 'export const line = 1\n'.repeat(count)
const mark = ['<', 'HEAD'].map((part) => (part === '<' ? part.repeat(7) : part)).join(' ')
const openEnd = ['TO', 'DO'].join('')

/** Rule → a file that breaks it. */
const violations: Record<string, [path: string, text: string]> = {
  'file-size': ['packages/kernel/src/long.ts', lines(401)],
  'file-name': ['packages/kernel/src/utils.ts', lines(1)],
  'folder-name': ['packages/kernel/src/helpers/words.ts', lines(1)],
  'entry-only': ['packages/adapters/src/broker/index.ts', lines(1)],
  'open-end': ['packages/kernel/src/open.ts', `// ${openEnd}: later\n`],
  lockfile: [
    'package-lock.json',
    JSON.stringify({ packages: { 'node_modules/a': { optionalDependencies: { 'a-linux-x64': '1.0.0' } } } }),
  ],
  'conflict-mark': ['docs/guide.md', `${mark}\n`],
}

const lawful = {
  'packages/kernel/src/index.ts': lines(400),
  'packages/kernel/src/channel.test.ts': lines(600),
  'packages/modules/src/chat/index.ts': lines(1),
  'packages/kernel/src/noted.ts': `// ${openEnd}(#12): later\n`,
}

async function check(files: Record<string, string>) {
  const tree = plantTree(files)
  const result = await runCheck('check-form.mjs', tree.folder)
  tree.remove()
  return result
}

test('a tree that follows the rules passes', async () => {
  expect(await check(lawful)).toMatchObject({ code: 0, output: expect.stringContaining(' 0 violations') })
})

test('each planted violation is reported', async () => {
  const { code, output } = await check({ ...lawful, ...Object.fromEntries(Object.values(violations)) })
  expect(code).toBe(1)
  expect(Object.keys(violations).sort()).toEqual(Object.keys(rules).sort())
  for (const [rule, [path]] of Object.entries(violations)) expect(output).toContain(`${path}\n  ${rule}: `)
  expect(output.match(/^ {2}[\w-]+: /gm)).toHaveLength(Object.keys(violations).length)
})

test('a folder with too many entries is reported', async () => {
  const many = Array.from({ length: 21 }, (_, index) => [`packages/kernel/src/part-${index}.ts`, lines(1)])
  const { code, output } = await check(Object.fromEntries(many))
  expect(code).toBe(1)
  expect(output).toContain('packages/kernel/src\n  folder-size: 21 entries')
})
