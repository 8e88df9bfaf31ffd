import type { Metrics } from '@parley/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Methods that a label may have: a client may send any word for one. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

type AfterAnswer = (request: FastifyRequest, reply: FastifyReply, done: () => void) => void

/** Counts and times answered requests, by the route as it was declared: what a client writes is no label. */
export function requestMeter(metrics: Metrics): AfterAnswer {
  const requests = metrics.counter(
    'parley_http_requests_total',
    'HTTP requests answered, by method, route and status.',
    ['method', 'route', 'status'],
  )
  const times = metrics.histogram(
    'parley_http_request_seconds',
    'Time from a request to its answer.',
    seconds,
  )
  return ({ method, routeOptions: { url } }, { statusCode, elapsedTime }, done) => {
    requests.add(1, {
      method: methods.has(method) ? method : 'other',
      route: url === undefined || url.includes('*') ? 'other' : url,
      status: String(statusCode),
    })
    times.observe(elapsedTime / 1000)
    done()
  }
}
