import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Page, root, type SectionName, titleOf } from './page.ts'

/** Documents that stand outside of `docs`, with the place that each has in the site. */
const elsewhere: readonly (readonly [source: string, slug: string, section: SectionName])[] = [
  ['packages/protocol/PROTOCOL.md', 'protocol', 'Reference'],
  ['ARCHITECTURE.md', 'architecture', 'Project'],
  ['CONTRIBUTING.md', 'contributing', 'Project'],
  ['CHANGELOG.md', 'changelog', 'Project'],
]

/** Pages about running a server, among the guides. */
const forOperators = /^(operate|cli|configure|console|doctor|backup|metrics|proxies|reliability|benchmarks)\b/

/** First pages of a section; others follow by title. */
const order = [
  ...['start', 'integrate', 'react', 'configure', 'operate', 'cli', 'console'],
  ...['channels', 'delivery', 'recovery', 'state', 'commands', 'access'],
]

/** Everything that somebody wrote: `docs`, and the documents that stand elsewhere. */
export function writtenPages(repository: string): readonly Page[] {
  const inDocs = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.md') && !name.startsWith('errors/'))
    .map((name): Page => {
      const slug = name.replace(/\.md$/, '').replace(/(^|\/)index$/, '')
      return pageAt(repository, `docs/${name}`, slug, sectionOf(name))
    })
  const others = elsewhere.map(([source, slug, section]) => pageAt(repository, source, slug, section))
  return [...inDocs, ...others].sort((left, right) => rank(left) - rank(right) || byTitle(left, right))
}

function pageAt(repository: string, source: string, slug: string, section: SectionName): Page {
  const text = readFileSync(join(repository, source), 'utf8')
  const url = slug === '' ? root : `${root}${slug}/`
  const isDecision = source.startsWith('docs/decisions/')
  return {
    url,
    source,
    title: titleOf(text, slug),
    section,
    text,
    ...(isDecision ? { isListed: false } : {}),
  }
}

function sectionOf(name: string): SectionName {
  if (name === 'index.md' || name === 'guide/start.md') return 'Start'
  if (name.startsWith('concepts/')) return 'Concepts'
  if (name.startsWith('decisions/')) return 'Project'
  return forOperators.test(basename(name)) ? 'Operate' : 'Guides'
}

function rank({ source, url }: Page): number {
  if (url === root) return -1
  const place = order.indexOf(basename(source, '.md'))
  return place < 0 ? order.length : place
}

const byTitle = (left: Page, right: Page) => (left.title < right.title ? -1 : 1)
