import type { Http, HttpResponse, Node } from '@parley/kernel'

const headers = { 'cache-control': 'no-store' }

/**
 * `/health`: the process answers. `/ready`: it can serve; 503 with the failing checks when it cannot, so that a load
 * balancer sends clients elsewhere. Both are open to everybody and tell no more than that.
 */
export function mountHealth(http: Http, node: Node): void {
  http.route({
    method: 'GET',
    path: '/health',
    handler: () => ({ status: 200, headers, body: { status: 'ok' } }),
  })
  http.route({ method: 'GET', path: '/ready', handler: () => readiness(node) })
}

function readiness(node: Node): HttpResponse {
  const { ready, checks } = node.status()
  if (ready) return { status: 200, headers, body: { status: 'ready', checks } }
  return { status: 503, headers: { ...headers, 'retry-after': '1' }, body: { status: 'not_ready', checks } }
}
