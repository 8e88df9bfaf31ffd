import type { Http, Node } from '@parley/kernel'
import { stringify } from 'yaml'
import { apiPage } from './api-page/page.ts'
import { apiPageScript } from './api-page/script.ts'
import { type DocumentOptions, openApiDocument } from './openapi/document.ts'

export interface OpenApiOptions extends DocumentOptions {
  /** Where the page for people is; default `/docs/api`. */
  readonly page?: string
}

/**
 * `/openapi.json` (3.1), `/openapi.yaml` (3.0.3) and a page for people, which loads nothing from elsewhere. Made when
 * first asked for.
 */
export function mountOpenApi(http: Http, node: Pick<Node, 'registry'>, options: OpenApiOptions): void {
  const { registry } = node
  const page = options.page ?? '/docs/api'
  const texts = {
    '/openapi.json': {
      type: 'application/json; charset=utf-8',
      make: () => JSON.stringify(openApiDocument(registry, options)),
    },
    '/openapi.yaml': {
      type: 'application/yaml; charset=utf-8',
      make: () => stringify(openApiDocument(registry, options, '3.0.3'), { aliasDuplicateObjects: false }),
    },
    [page]: {
      type: 'text/html; charset=utf-8',
      make: () => apiPage(openApiDocument(registry, options), page),
    },
    [`${page}/page.js`]: { type: 'text/javascript; charset=utf-8', make: () => apiPageScript },
  }
  for (const [path, { type, make }] of Object.entries(texts)) {
    let text: string | undefined
    http.route({
      method: 'GET',
      path,
      handler() {
        text ??= make()
        return { status: 200, headers: { 'content-type': type, 'cache-control': 'no-cache' }, body: text }
      },
    })
  }
}
