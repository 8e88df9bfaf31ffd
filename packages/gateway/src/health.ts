import type { Clock, Http, HttpContent, HttpResponse, Node } from '@parley/kernel'

const headers = { 'cache-control': 'no-store' }

/** Between the two parts of `/health/stream`. */
const pauseMs = 1_500

/**
 * `/health`: the process answers. `/ready`: it can serve; 503 with the failing checks when it cannot, so that a load
 * balancer sends clients elsewhere. `/health/stream`: two parts with a pause between, by which a client sees whether
 * streams come through as they are sent. All are open to everybody and tell no more than that.
 */
export function mountHealth(http: Http, node: Node, clock: Pick<Clock, 'after'>): void {
  http.route({
    method: 'GET',
    path: '/health',
    handler: () => ({ status: 200, headers, body: { status: 'ok' } }),
  })
  http.route({ method: 'GET', path: '/ready', handler: () => readiness(node) })
  http.stream({ method: 'GET', path: '/health/stream', handler: async () => twoParts(clock) })
}

function readiness(node: Node): HttpResponse {
  const { ready, checks } = node.status()
  if (ready) return { status: 200, headers, body: { status: 'ready', checks } }
  return { status: 503, headers: { ...headers, 'retry-after': '1' }, body: { status: 'not_ready', checks } }
}

function twoParts(clock: Pick<Clock, 'after'>): HttpContent {
  const parts = ['data: first\n\n', 'data: second\n\n'].map((text) => new TextEncoder().encode(text))
  const size = parts.reduce((sum, { length }) => sum + length, 0)
  return {
    ...{ size, type: 'text/event-stream', tag: 'stream', name: 'stream', isInline: true },
    // As streams of events are sent: nginx keeps nothing back then, unless it is told to ignore it.
    headers: { ...headers, 'x-accel-buffering': 'no' },
    async *read() {
      for (const [index, part] of parts.entries()) {
        if (index > 0) await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
        yield part
      }
    },
  }
}
