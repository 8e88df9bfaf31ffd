import MiniSearch from 'minisearch'
import type { Page } from '../pages/page.ts'

/** How pages are indexed: the page in the browser loads the index with the same options (public/page.js). */
const searchOptions = {
  fields: ['title', 'headings', 'text'],
  storeFields: ['title', 'section'],
  searchOptions: { boost: { title: 4, headings: 2 }, prefix: true, fuzzy: 0.15 },
}

/** A part of a page that can be found: the page itself, or what stands below one heading. */
interface Entry {
  /** Where it is. */
  readonly id: string
  readonly title: string
  readonly section: string
  readonly headings: string
  readonly text: string
}

/** The index of a site, as JSON. */
export function searchIndex(pages: readonly Page[], idOf: (heading: string) => string): string {
  const index = new MiniSearch<Entry>(searchOptions)
  for (const page of pages) index.addAll(entriesOf(page, idOf))
  return JSON.stringify(index)
}

function entriesOf(page: Page, idOf: (heading: string) => string): Entry[] {
  const title = page.title.replaceAll('`', '')
  const parts = withoutMarks(page.text).split(/^(?=#{2,3} )/m)
  const found = new Map<string, Entry>()
  for (const [index, part] of parts.entries()) {
    const [first = '', ...rest] = part.split('\n')
    const heading = first.replace(/^#+\s*/, '').replaceAll('`', '')
    const id = index === 0 ? page.url : `${page.url}#${idOf(heading)}`
    if (found.has(id)) continue
    const name = index === 0 || heading === '' ? title : `${heading} · ${title}`
    found.set(id, {
      id,
      title: name,
      section: page.section,
      headings: heading,
      text: rest.join(' ').slice(0, 1_500),
    })
  }
  return [...found.values()]
}

/** Text as it is read: without links' targets, and without comments in fences being taken for headings. */
function withoutMarks(text: string): string {
  return text
    .replace(/^```.*$[\s\S]*?^```$/gm, (block) => block.replace(/^#/gm, ' #'))
    .replace(/\]\([^)]*\)/g, ']')
}
