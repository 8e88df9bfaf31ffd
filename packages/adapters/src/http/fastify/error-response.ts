import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpResponse } from '@parley/kernel'
import { errorStatus, ParleyError } from '@parley/protocol'

/** What the framework found wrong before a route saw the request. */
const refusals: Readonly<Record<string, { readonly status?: number; readonly error: ParleyError }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { error: new ParleyError('payload_too_large') },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    error: new ParleyError(
      'bad_request',
      'Send the body as JSON, with the header `Content-Type: application/json`.',
    ),
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    error: new ParleyError('bad_request', 'The body is not as long as the header Content-Length says.'),
  },
  FST_ERR_BAD_URL: {
    error: new ParleyError('bad_request', 'The URL is not valid: check its percent-encoding.'),
  },
  FST_ERR_MAX_PARAM_LENGTH: { error: new ParleyError('bad_request', 'A part of the path is too long.') },
  FST_ERR_HANDLER_TIMEOUT: { error: new ParleyError('timeout') },
}

/** The answer to an error. Of an error that is not ours nothing is told but `internal`; `isDefect` says to log it. */
export function errorResponse(thrown: unknown): HttpResponse & { readonly isDefect: boolean } {
  if (thrown instanceof ParleyError) return { ...respond(thrown), isDefect: thrown.code === 'internal' }
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  const known = refusals[code]
  if (known === undefined) return { ...respond(new ParleyError('internal')), isDefect: true }
  return { ...respond(known.error, known.status), isDefect: false }
}

function respond(error: ParleyError, status: number = errorStatus(error.code)): HttpResponse {
  const { retryAfterMs } = error
  const retry = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }
  // RFC 9110 §11.6.1; Bearer, so that no browser asks for a password of its own.
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer realm="parley"' } : {}
  // RFC 8288: where people read on. Codes are made of characters that need no escape.
  const link = { link: `<${error.help}>; rel="help"` }
  return {
    status,
    headers: { 'cache-control': 'no-store', ...link, ...retry, ...challenge },
    body: { ...error.toBody(), help: error.help },
  }
}

/** Answers bytes that are no HTTP request, or come too slowly, and closes the connection. */
export function refuseConnection(problem: NodeJS.ErrnoException, socket: Socket): void {
  if (problem.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, error] = connectionRefusal(problem.code)
  const body = JSON.stringify(error.toBody())
  const headers = `Connection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}`
  socket.once('finish', socket.destroy)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers}\r\n\r\n${body}`)
}

function connectionRefusal(code: string | undefined): [number, ParleyError] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return [408, new ParleyError('timeout', 'The request came too slowly.')]
  if (code === 'HPE_HEADER_OVERFLOW')
    return [431, new ParleyError('bad_request', 'The headers are too large.')]
  return [400, new ParleyError('bad_request', 'This is not an HTTP request.')]
}
