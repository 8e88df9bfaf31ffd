import type { Heading, RenderedPage } from '../markdown/markdown.ts'
import { type Page, root, sectionNames } from '../pages/page.ts'

/** Puts a rendered page into the frame of the site. */
export function shell(page: Page, { html, headings }: RenderedPage, pages: readonly Page[]): string {
  const title = page.url === root ? 'Parley documentation' : `${plain(page.title)} · Parley`
  const width = /<table>/.test(html) && page.section === 'Reference' ? ' wide' : ''
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="icon" href="${root}assets/mark.svg">
<link rel="stylesheet" href="${root}assets/tokens.css">
<link rel="stylesheet" href="${root}assets/style.css">
<script src="${root}assets/color-scheme.js"></script>
<script type="module" src="${root}assets/page.js"></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="bar">
<a class="brand" href="${root}"><img src="${root}assets/mark.svg" alt="" width="24" height="24">Parley</a>
<div class="search"><input type="search" placeholder="Search" aria-label="Search the documentation" autocomplete="off" aria-controls="found" aria-expanded="false" role="combobox"><kbd aria-hidden="true">/</kbd><ul id="found" role="listbox" aria-label="Pages found" hidden></ul></div>
<a class="to" href="${root}api">API</a>
<button type="button" class="scheme" aria-label="Switch between light and dark"><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path fill="currentColor" d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 1.5v11a5.5 5.5 0 0 1 0-11Z"/></svg></button>
<button type="button" class="menu" aria-expanded="false" aria-controls="navigation">Menu</button>
</header>
<nav id="navigation" aria-label="Documentation">${navigation(page, pages)}</nav>
<main id="content" class="content${width}" tabindex="-1"><article>${withAnchors(html, headings)}</article>${neighbours(page, pages)}</main>
${contents(headings)}
</body>
</html>
`
}

function navigation(current: Page, pages: readonly Page[]): string {
  const listed = pages.filter(({ isListed }) => isListed !== false)
  return sectionNames
    .map((section) => {
      const items = listed.filter((page) => page.section === section)
      if (items.length === 0) return ''
      const links = items.map(
        ({ url, title, label }) =>
          `<li><a href="${url}"${url === current.url ? ' aria-current="page"' : ''}>${escaped(plain(label ?? title))}</a></li>`,
      )
      return `<h2>${section}</h2><ul>${links.join('')}</ul>`
    })
    .join('')
}

/** The headings of the page, for a wide screen. */
function contents(headings: readonly Heading[]): string {
  const deepest = headings.filter(({ level }) => level === 2).length > 12 ? 2 : 3
  const shown = headings.filter(({ level }) => level > 1 && level <= deepest)
  if (shown.length < 2) return '<aside class="contents"></aside>'
  const links = shown.map(
    ({ level, id, text }) => `<li class="level-${level}"><a href="#${id}">${escaped(text)}</a></li>`,
  )
  return `<aside class="contents" aria-label="On this page"><h2>On this page</h2><ul>${links.join('')}</ul></aside>`
}

function neighbours(current: Page, pages: readonly Page[]): string {
  const listed = sectionNames.flatMap((section) =>
    pages.filter((page) => page.section === section && page.isListed !== false),
  )
  const index = listed.findIndex(({ url }) => url === current.url)
  if (index < 0) return ''
  const link = (page: Page | undefined, rel: string, words: string) =>
    page === undefined
      ? '<span></span>'
      : `<a rel="${rel}" href="${page.url}"><small>${words}</small>${escaped(plain(page.label ?? page.title))}</a>`
  return `<nav class="neighbours" aria-label="Neighbouring pages">${link(listed[index - 1], 'prev', 'Before')}${link(listed[index + 1], 'next', 'Next')}</nav>`
}

/** A link to itself beside each heading but the first, and tables that scroll by themselves. */
function withAnchors(html: string, headings: readonly Heading[]): string {
  const named = headings
    .filter(({ level }) => level > 1)
    .reduce(
      (text, { level, id }) =>
        text.replace(
          `<h${level} id="${id}">`,
          `<h${level} id="${id}"><a class="anchor" href="#${id}" aria-label="Link to this heading">#</a>`,
        ),
      html,
    )
  return (
    named
      .replaceAll('<table>', '<div class="table" tabindex="0"><table>')
      .replaceAll('</table>', '</table></div>')
      // A head without words is no head (and of none, assistive technology says nothing).
      .replace(/<th( style="[^"]*")?><\/th>/g, '<td></td>')
      .replaceAll('<pre class="shiki', '<pre tabindex="0" class="shiki')
  )
}

/** A title without the marks of code. */
function plain(title: string): string {
  return title.replaceAll('`', '')
}

/** Text for HTML. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
