/** Answers for pages of other origins: what a browser may read and send. */
export interface Cors {
  /** Headers of every answer to such a page. */
  headers(origin: string | undefined): Readonly<Record<string, string>>
  /** Headers of the answer to the browser's question beforehand. */
  preflight(origin: string | undefined): Readonly<Record<string, string>>
}

/** Of uploads (tus) and of everything else. */
const allowedHeaders = [
  'Authorization, Content-Type, Idempotency-Key, X-API-Key, X-Request-Id',
  'Range, Tus-Resumable, Upload-Checksum, Upload-Length, Upload-Metadata, Upload-Offset, X-HTTP-Method-Override',
].join(', ')

const exposedHeaders = [
  'Retry-After, X-Request-Id',
  'Accept-Ranges, Content-Disposition, Content-Range, ETag, Location',
  'Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version',
  'Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset',
].join(', ')

/**
 * @param allowed origins: exact, `https://*.example.org`, or `*`; `self` needs no rule here and is skipped
 */
export function corsFor(allowed: readonly string[]): Cors {
  const rules = allowed.filter((rule) => rule !== 'self').map((rule) => rule.toLowerCase())
  const isAllowed = (origin: string) => rules.some((rule) => covers(rule, origin.toLowerCase()))
  const headers = (origin: string | undefined): Record<string, string> => {
    if (rules.length === 0) return {}
    if (origin === undefined || !isAllowed(origin)) return { vary: 'Origin' }
    return {
      'access-control-allow-origin': origin,
      'access-control-expose-headers': exposedHeaders,
      // The pages that may read an answer may load it too.
      'cross-origin-resource-policy': 'cross-origin',
      vary: 'Origin',
    }
  }
  return {
    headers,
    preflight(origin) {
      const answer = headers(origin)
      if (answer['access-control-allow-origin'] === undefined) return answer
      return {
        ...answer,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
        'access-control-allow-headers': allowedHeaders,
        'access-control-max-age': '600',
      }
    },
  }
}

function covers(rule: string, origin: string): boolean {
  if (rule === '*' || rule === origin) return true
  const [scheme, domain] = rule.split('://*.')
  if (domain === undefined || !origin.startsWith(`${scheme}://`)) return false
  return origin.endsWith(`.${domain}`) && !/[/@]/.test(origin.slice(`${scheme}://`.length))
}
