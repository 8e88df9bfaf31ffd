import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Page, root, titleOf } from './page.ts'

/** The page that lists the decisions. */
export function decisionsPage(repository: string): Page {
  const folder = join(repository, 'docs/decisions')
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .sort()
  const rows = files.map((name) => {
    const title = titleOf(readFileSync(join(folder, name), 'utf8'), name)
    return `- [${title}](${root}decisions/${name.replace(/\.md$/, '')}/)`
  })
  const text = ['# Decisions', 'Why things are as they are, half a page each.', rows.join('\n')].join('\n\n')
  return {
    url: `${root}decisions/`,
    source: 'reference:decisions',
    title: 'Decisions',
    section: 'Project',
    text,
  }
}
