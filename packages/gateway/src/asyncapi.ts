import type { Http, Node } from '@parley/kernel'
import { type AsyncApiOptions, asyncApiDocument } from './asyncapi/document.ts'

/** `/asyncapi.json` (3.0): what goes over a connection, for tools. Made when first asked for. */
export function mountAsyncApi(http: Http, node: Pick<Node, 'registry'>, options: AsyncApiOptions): void {
  let text: string | undefined
  http.route({
    method: 'GET',
    path: '/asyncapi.json',
    handler() {
      text ??= JSON.stringify(asyncApiDocument(node.registry, options))
      return {
        status: 200,
        headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' },
        body: text,
      }
    },
  })
}
