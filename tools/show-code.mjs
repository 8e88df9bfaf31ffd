// Puts files into the pages that show them: node tools/show-code.mjs. A block that begins with
// ```ts file=examples/polls/rules.ts
// holds that file as it is; a test sees to it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const pages = readdirSync('docs', { recursive: true })
  .filter((name) => name.endsWith('.md'))
  .map((name) => join('docs', name))
  .concat('README.md')

for (const page of pages) {
  const text = readFileSync(page, 'utf8')
  const shown = text.replace(/^(```\w+ file=(\S+)\n)[\s\S]*?^```$/gm, (_block, head, file) => {
    return `${head}${readFileSync(file, 'utf8')}\`\`\``
  })
  if (shown !== text) writeFileSync(page, shown)
}
