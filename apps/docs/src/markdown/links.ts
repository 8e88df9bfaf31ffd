import { dirname, join, normalize } from 'node:path/posix'
import type { Page } from '../pages/page.ts'

/** What becomes of a link in a page. */
export type Link =
  /** Leads to a page of the site, or out of it. */
  | { readonly href: string }
  /** Names a file of the repository, which is not served: its path is shown. */
  | { readonly path: string }

/**
 * Where a link of a page leads in the site. Pages link as their readers in the repository need it: to files.
 */
export function resolveLink(href: string, from: Page, pages: ReadonlyMap<string, Page>): Link {
  if (/^([a-z][a-z0-9+.-]*:|\/|#)/i.test(href)) return { href }
  const [path = '', fragment] = href.split('#', 2)
  const target = normalize(join(dirname(from.source), path)).replace(/\/$/, '')
  const page = pages.get(target) ?? pages.get(`${target}/index.md`)
  if (page === undefined) return target === 'docs/decisions' ? { href: decisions } : { path: target }
  return { href: fragment === undefined ? page.url : `${page.url}#${fragment}` }
}

const decisions = '/docs/decisions/'
