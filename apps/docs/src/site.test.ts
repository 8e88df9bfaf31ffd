import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { errorRegistry } from '@parley/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandsOf } from './reference/command-pages.ts'
import { type Product, readProduct } from './reference/product.ts'
import { undescribedSettings } from './reference/settings-page.ts'
import { buildSite, type Site } from './site.ts'

const repository = resolve(import.meta.dirname, '../../..')
const folder = mkdtempSync(join(tmpdir(), 'parley-site-'))

let site: Site
let product: Product

beforeAll(async () => {
  product = await readProduct()
  site = await buildSite(repository, folder)
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Where a server answers beside the site. */
const served = /^\/($|docs\/api$|openapi\.(json|yaml)$|asyncapi\.json$|metrics$|ready$|examples\/)/

describe('links', () => {
  test('lead to pages that there are, and to headings that these have', () => {
    const broken = site.pages.flatMap((page) =>
      (site.rendered.get(page.url)?.links ?? [])
        .filter((link) => !leads(link, page.url))
        .map((link) => `${page.source}: ${link}`),
    )
    expect(broken).toEqual([])
  })

  test('to the repository name files that there are', () => {
    const missing = site.pages.flatMap((page) =>
      (site.rendered.get(page.url)?.files ?? [])
        .filter((file) => !existsSync(join(repository, file)))
        .map((file) => `${page.source}: ${file}`),
    )
    expect(missing).toEqual([])
  })

  function leads(link: string, from: string): boolean {
    const [path = '', fragment] = link.split('#', 2)
    if (served.test(path)) return true
    const target = site.rendered.get(path === '' ? from : path)
    return (
      target !== undefined && (fragment === undefined || target.headings.some(({ id }) => id === fragment))
    )
  }
})

describe('the reference', () => {
  test('says of every command what it does, shows it, and names its errors and limits', () => {
    const commands = product.contracts.flatMap(commandsOf)
    expect(commands.length).toBeGreaterThan(90)
    const lacking = commands.flatMap(({ name, summary, description, example, errors, limits }) => {
      const parts = { summary, description, example: example === undefined ? '' : 'given' }
      const empty = Object.entries(parts).filter(([, text]) => text === '')
      return [
        ...empty.map(([part]) => `${name} has no ${part}`),
        ...(errors.length === 0 ? [`${name} names no errors`] : []),
        ...(limits.length === 0 ? [`${name} names no limits`] : []),
      ]
    })
    expect(lacking).toEqual([])
  })

  test('has a page for every error code, written by somebody for the generic ones', () => {
    for (const code of Object.keys(errorRegistry)) {
      const text = site.pages.find(({ url }) => url === `/docs/errors/${code}/`)?.text
      expect(text, code).toContain('## What to do')
    }
    const own = product.contracts.flatMap(commandsOf).flatMap(({ errors }) => errors.map(({ code }) => code))
    for (const code of new Set(own)) expect(site.rendered.has(`/docs/errors/${code}/`), code).toBe(true)
  })

  test('has no page for an error that no longer exists', () => {
    const written = readdirSync(join(repository, 'docs/errors')).map((name) => name.replace(/\.md$/, ''))
    expect(written.filter((code) => !Object.hasOwn(errorRegistry, code))).toEqual([])
  })

  test('says of every setting what it does', () => {
    expect(undescribedSettings(repository)).toEqual([])
  })

  test('shows the metrics of a server with their meaning', () => {
    const text = site.pages.find(({ url }) => url === '/docs/reference/metrics/')?.text ?? ''
    expect(text).toContain('| `parley_connections` | gauge | Open connections. |')
  })
})

test('pages are whole documents with navigation, and diagrams are pictures', () => {
  const page = readFileSync(join(folder, 'concepts/recovery/index.html'), 'utf8')
  expect(page).toMatch(/^<!doctype html>/)
  expect(page).toContain('<a href="/docs/concepts/recovery/" aria-current="page">')
  expect(page).toContain('<pre class="diagram"><svg')
  expect(page).not.toMatch(/https:\/\/fonts/)
})

test('what is searched for is found at its heading', () => {
  const index = JSON.parse(readFileSync(join(folder, 'assets/search.json'), 'utf8'))
  expect(Object.values(index.documentIds)).toContain('/docs/reference/commands/chat/#chatsend')
})
