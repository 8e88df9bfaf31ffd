import MarkdownIt from 'markdown-it'
import { createHighlighter } from 'shiki'
import type { Page } from '../pages/page.ts'
import { diagram } from './diagram.ts'
import { type Link, resolveLink } from './links.ts'

/** A heading that a page can be entered at. */
export interface Heading {
  readonly level: number
  readonly id: string
  readonly text: string
}

export interface RenderedPage {
  readonly html: string
  readonly headings: readonly Heading[]
  /** Paths of the links that lead to pages of the site, with fragments. */
  readonly links: readonly string[]
  /** Paths of files of the repository that the page names by a link. */
  readonly files: readonly string[]
}

const languages = ['bash', 'css', 'diff', 'html', 'ini', 'js', 'json', 'jsx', 'nginx', 'python', 'sh', 'sql']
const more = ['toml', 'ts', 'tsx', 'vue', 'yaml']

/** Renders the pages of a site; `pages` by source, for the links between them. */
export async function markdownRenderer(
  pages: ReadonlyMap<string, Page>,
): Promise<(page: Page) => RenderedPage> {
  const highlighter = await createHighlighter({
    themes: ['github-light-high-contrast', 'github-dark-high-contrast'],
    langs: [...languages, ...more],
  })
  const known = new Set<string>(highlighter.getLoadedLanguages())
  const markdown = new MarkdownIt({
    html: true,
    linkify: false,
    highlight(code, info) {
      const language = info.split(' ', 1)[0] ?? ''
      if (language === 'mermaid') return `<pre class="diagram">${diagram(code)}</pre>`
      const lang = known.has(language) ? language : 'text'
      return highlighter.codeToHtml(code, {
        lang,
        themes: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
        defaultColor: false,
      })
    },
  })
  return (page) => renderPage(markdown, page, pages)
}

type Markdown = InstanceType<typeof MarkdownIt>

function renderPage(markdown: Markdown, page: Page, pages: ReadonlyMap<string, Page>): RenderedPage {
  const tokens = markdown.parse(page.text, {})
  const headings = nameHeadings(tokens)
  const found = leadLinks(tokens, (href) => resolveLink(href, page, pages))
  return { html: markdown.renderer.render(tokens, markdown.options, {}), headings, ...found }
}

/** Gives each heading an id, and answers them. */
function nameHeadings(tokens: readonly Token[]): readonly Heading[] {
  const ids = new Set<string>()
  return tokens.flatMap((token, index) => {
    if (token.type !== 'heading_open') return []
    const text = plainText(tokens[index + 1])
    const id = uniqueId(text, ids)
    token.attrSet('id', id)
    return [{ level: Number(token.tag.slice(1)), id, text }]
  })
}

/** Lets each link lead where it leads in the site, and answers what there is. */
function leadLinks(
  tokens: readonly Token[],
  resolve: (href: string) => Link,
): Pick<RenderedPage, 'links' | 'files'> {
  const links: string[] = []
  const files: string[] = []
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    if (token.type !== 'link_open') continue
    const link = resolve(String(token.attrGet('href') ?? ''))
    if ('path' in link) {
      files.push(link.path)
      // There is nothing to go to: the title says where to look.
      token.attrs = [['title', `${link.path}, in the repository`]]
      token.attrSet('class', 'in-repository')
    } else {
      token.attrSet('href', link.href)
      if (/^[a-z]+:/i.test(link.href)) token.attrSet('rel', 'noopener')
      else links.push(link.href)
    }
  }
  return { links, files }
}

type Token = ReturnType<Markdown['parse']>[number]

function plainText(token: Token | undefined): string {
  return (token?.children ?? []).map(({ content }) => content).join('')
}

function uniqueId(text: string, taken: Set<string>): string {
  const slug = slugOf(text)
  let id = slug
  for (let count = 1; taken.has(id); count++) id = `${slug}-${count}`
  taken.add(id)
  return id
}

/** The id of a heading, made as the hosts of repositories make it, so that one link fits both. */
export function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')
}
