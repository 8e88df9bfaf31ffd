/**
 * Whether a page may connect. Clients that are no browsers send no origin.
 *
 * @param host the header `Host` of the request
 * @param allowed exact origins, `self` (pages of this host), `https://*.example.org`, or `*`
 */
export function originAllowed(
  header: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  const origin = header?.toLowerCase()
  if (origin === undefined) return true
  for (const rule of allowed) {
    if (rule === '*' || rule.toLowerCase() === origin) return true
    if (rule === 'self' && sameHost(origin, host)) return true
    if (rule.includes('://*.') && matchesSubdomain(origin, rule.toLowerCase())) return true
  }
  return false
}

/** RFC 6454 §6.2: scheme, host, and a port that is not the scheme's own; nothing else. */
const originPattern = /^[a-z][a-z0-9+.-]*:\/\/([^/?#@\s]+)$/

function sameHost(origin: string, host: string | undefined): boolean {
  return host !== undefined && originPattern.exec(origin)?.[1] === host.toLowerCase()
}

function matchesSubdomain(origin: string, rule: string): boolean {
  const [scheme, domain] = rule.split('://*') as [string, string]
  const rest = origin.startsWith(`${scheme}://`) ? origin.slice(scheme.length + 3) : ''
  return rest.length > domain.length && rest.endsWith(domain) && !/[/@]/.test(rest)
}

/**
 * The client's address: behind `proxies` trusted proxies, what the outermost of them saw.
 *
 * @param peer address at the other end of the connection
 * @param forwarded the header `X-Forwarded-For`
 */
export function clientAddress(
  peer: string | undefined,
  forwarded: string | readonly string[] | undefined,
  proxies: number,
): string {
  const header = proxies > 0 ? forwarded : undefined
  const before =
    header === undefined
      ? []
      : String(header)
          .split(',')
          .map((entry) => entry.trim())
  const hops = [...before, peer ?? '']
  const address = hops[Math.max(0, hops.length - 1 - proxies)] ?? ''
  return address.slice(0, 64).replace(/^::ffff:(?=\d+\.)/i, '')
}
