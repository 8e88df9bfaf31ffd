import type { HttpContent } from '@parley/kernel'

/** What is asked for of some content. */
export interface ContentRequest {
  readonly method: string
  readonly ifNoneMatch: string | undefined
  readonly range: string | undefined
  readonly ifRange: string | undefined
}

export interface ContentAnswer {
  readonly status: 200 | 206 | 304 | 416
  readonly headers: Readonly<Record<string, string>>
  /** Absent when no bytes are sent. */
  readonly range?: { readonly start: number; readonly end: number }
}

/** Whatever somebody has sent us is shown as what it is, and nothing in it runs. */
const policy = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"

/** How content is answered (RFC 9110 §13 and §14): whole, in part, or not at all. */
export function answerContent(content: HttpContent, request: ContentRequest): ContentAnswer {
  const { size, tag, isInline } = content
  const etag = `"${tag}"`
  const headers = {
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'content-security-policy': policy,
    ...content.headers,
  }
  if (matches(request.ifNoneMatch, etag)) return { status: 304, headers }
  const described = {
    ...headers,
    // A type that a page could use as a script or a style is not told: `nosniff` then keeps it from being used as one.
    'content-type': isInline ? content.type : 'application/octet-stream',
    'content-disposition': disposition(content),
  }
  const asked = request.method === 'GET' && isCurrent(request.ifRange, etag) ? request.range : undefined
  const part = asked === undefined ? undefined : rangeOf(asked, size)
  if (part === 'none')
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${size}`, 'content-length': '0' } }
  const range = part ?? { start: 0, end: size }
  const length = { 'content-length': String(range.end - range.start) }
  const bytes = request.method === 'HEAD' ? {} : { range }
  if (part === undefined) return { status: 200, headers: { ...described, ...length }, ...bytes }
  const place = { 'content-range': `bytes ${range.start}-${range.end - 1}/${size}` }
  return { status: 206, headers: { ...described, ...length, ...place }, ...bytes }
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return (
    ifNoneMatch.trim() === '*' ||
    ifNoneMatch.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)
  )
}

/** Without the header, and with our tag in it, a part is a part of what the client has. */
function isCurrent(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || ifRange.trim() === etag
}

/** Undefined for what is no single range of bytes: then everything is sent. `none`: it lies outside. */
function rangeOf(header: string, size: number): { start: number; end: number } | 'none' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim()) ?? []
  if (first === '' && last === '') return undefined
  if (first === '') {
    const start = Math.max(size - Number(last), 0)
    return start < size ? { start, end: size } : 'none'
  }
  const [start, end] = [Number(first), last === '' ? size : Math.min(Number(last) + 1, size)]
  if (last !== '' && Number(last) < start) return undefined
  return start < size ? { start, end } : 'none'
}

/** RFC 6266: a name in ASCII for old readers, and the true one. */
function disposition({ name, isInline }: HttpContent): string {
  const ascii = name.replace(/[^ -~]|["\\%]/g, '_')
  const exact = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${isInline ? 'inline' : 'attachment'}; filename="${ascii}"; filename*=UTF-8''${exact}`
}
