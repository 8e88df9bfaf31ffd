import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => join('docs', name))
  .concat('README.md')

const blocks = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm)].map(
    (match) => ({
      page,
      file: match[1] as string,
      code: match[2],
    }),
  ),
)

test('the guides show code', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(6)
})

test.each(blocks)('$page shows $file as it is', ({ file, code }) => {
  expect(code).toBe(readFileSync(join(root, file), 'utf8'))
})
