import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Eleventy from '@11ty/eleventy'
import { markdownRenderer, type RenderedPage, slugOf } from './markdown/markdown.ts'
import { type Page, root } from './pages/page.ts'
import { referencePages } from './pages/reference-pages.ts'
import { writtenPages } from './pages/written-pages.ts'
import { searchIndex } from './shell/search-index.ts'
import { escaped, shell } from './shell/shell.ts'

/** The pages of the site with their HTML. */
export interface Site {
  readonly pages: readonly Page[]
  readonly rendered: ReadonlyMap<string, RenderedPage>
}

/** Collects all pages and renders them. */
async function readSite(repository: string): Promise<Site> {
  const pages = [...writtenPages(repository), ...(await referencePages(repository))]
  const render = await markdownRenderer(new Map(pages.map((page) => [page.source, page])))
  return { pages, rendered: new Map(pages.map((page) => [page.url, render(page)])) }
}

/** Writes the site into a folder. */
export async function buildSite(repository: string, folder: string): Promise<Site> {
  const site = await readSite(repository)
  const { pages, rendered } = site
  const eleventy = new Eleventy(join(import.meta.dirname, 'shell'), folder, {
    quietMode: true,
    configPath: false,
    config(configuration) {
      configuration.setTemplateFormats('html')
      for (const [index, page] of pages.entries()) {
        const permalink = `${page.url.slice(root.length)}index.html`
        configuration.addTemplate(
          `page-${index}.html`,
          shell(page, rendered.get(page.url) as RenderedPage, pages),
          {
            permalink,
            templateEngineOverride: false,
          },
        )
      }
      configuration.addTemplate('404.html', shell(notFound, { html: notFound.text, ...nothing }, pages), {
        permalink: '404.html',
        templateEngineOverride: false,
      })
    },
  })
  await eleventy.write()
  writeAssets(folder, pages)
  return site
}

const nothing = { headings: [], links: [], files: [] }

const notFound: Page = {
  url: `${root}404/`,
  source: 'reference:404',
  title: 'There is no such page',
  section: 'Project',
  text: `<h1>There is no such page</h1><p>The address names nothing in this documentation. Search for it above, or begin at the <a href="${escaped(root)}">start</a>.</p>`,
}

function writeAssets(folder: string, pages: readonly Page[]): void {
  const assets = join(folder, 'assets')
  mkdirSync(assets, { recursive: true })
  cpSync(join(import.meta.dirname, '../public'), assets, { recursive: true })
  for (const [name, url] of Object.entries(libraryFiles)) cpSync(fileURLToPath(url), join(assets, name))
  writeFileSync(join(assets, 'search.json'), searchIndex(pages, slugOf))
}

/** Files of libraries, and of the pages of ours beside the documentation, that pages load, by the name under which they are served. */
const libraryFiles = {
  'inter.woff2': import.meta.resolve('@fontsource-variable/inter/files/inter-latin-wght-normal.woff2'),
  'jetbrains-mono.woff2': import.meta.resolve(
    '@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2',
  ),
  'tokens.css': import.meta.resolve('@parley/look/tokens.css'),
  'color-scheme.js': import.meta.resolve('@parley/look/color-scheme.js'),
  'minisearch.js': import.meta.resolve('minisearch'),
}
