import type { Http, HttpRequest, Identity, Node } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { credentialsOf } from './credentials.ts'

export interface MetricsOptions {
  /** Everything measured, in a text format. */
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>
  /** `open`: everybody who reaches the port. `manage`: who may manage the operator's app. */
  readonly access: 'open' | 'manage'
  /** The app of those who run the server; default `default`. Figures concern all apps, so other apps' keys do not do. */
  readonly operatorApp?: string
}

/** `/metrics`, for Prometheus. */
export function mountMetrics(http: Http, node: Node, options: MetricsOptions): void {
  http.route({
    method: 'GET',
    path: '/metrics',
    async handler(request) {
      if (options.access === 'manage') await requireOperator(node, request, options.operatorApp ?? 'default')
      const { contentType, text } = await options.render()
      return {
        status: 200,
        headers: { 'content-type': contentType, 'cache-control': 'no-store' },
        body: text,
      }
    },
  })
}

async function requireOperator(node: Node, request: HttpRequest, operatorApp: string): Promise<void> {
  const credentials = credentialsOf(request.headers)
  if (credentials === undefined) throw new ParleyError('unauthenticated')
  const identity = await node.authenticate(credentials)
  if (identity.app !== operatorApp || !mayManageAll(identity))
    throw new ParleyError(
      'forbidden',
      'Metrics are for those who run the server: `manage` on `*` of the operator’s app.',
    )
}

function mayManageAll(identity: Identity): boolean {
  return identity.grants.some(
    ({ pattern, actions }) => pattern === '*' && (actions.includes('manage') || actions.includes('*')),
  )
}
