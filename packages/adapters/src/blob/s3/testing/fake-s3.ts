import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a test gives the fake, and may look at. */
export interface FakeS3 {
  readonly url: string
  readonly objects: Map<string, StoredObject>
  /** Multipart uploads that were neither completed nor given up. */
  readonly uploads: Map<string, Upload>
  /** Requests answered, as `PUT bucket/key?query`. */
  readonly log: string[]
  /** Asked before each request; what it returns is the answer's status. */
  interfere: (request: { readonly method: string; readonly url: URL }) => number | undefined
  close(): Promise<void>
}

interface StoredObject {
  readonly bytes: Buffer
  readonly metadata: Readonly<Record<string, string>>
}

interface Upload {
  readonly key: string
  readonly parts: Map<number, Buffer>
}

export interface FakeS3Options {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  readonly bucket: string
  /** Every part but the last has at least so many bytes; Amazon has 5 MiB. */
  readonly minPartBytes: number
  /** Parts that one list holds; Amazon has 1,000. */
  readonly maxListedParts?: number
}

/** An object store that speaks the part of the S3 protocol which the adapter uses, and checks every signature. */
export async function fakeS3(options: FakeS3Options): Promise<FakeS3> {
  const fake = {
    objects: new Map<string, StoredObject>(),
    uploads: new Map<string, Upload>(),
    log: [] as string[],
    interfere: (() => undefined) as FakeS3['interfere'],
  }
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', `http://${request.headers.host}`)
    const body = await bodyOf(request)
    const forced = fake.interfere({ method: request.method ?? '', url })
    if (forced !== undefined) return answer(response, forced, errorXml('SlowDown'))
    const refusal = refusalOf(options, request, { url, body })
    if (refusal !== undefined) return answer(response, 403, errorXml(refusal))
    fake.log.push(`${request.method} ${url.pathname.slice(1)}${url.search}`)
    serve(fake, options, { request, response, url, body })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return Object.assign(fake, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close })
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces)
}

function answer(response: ServerResponse, status: number, body: string | Buffer = '', headers = {}): void {
  const isXml = typeof body === 'string' && body !== ''
  response.writeHead(status, { ...(isXml ? { 'content-type': 'application/xml' } : {}), ...headers })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

function errorXml(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>No.</Message></Error>`
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly body: Buffer
}

type Contents = Pick<FakeS3, 'objects' | 'uploads'>

function serve(contents: Contents, options: FakeS3Options, exchange: Exchange): void {
  const { request, response, url } = exchange
  const [, bucket = '', ...rest] = decodeURIComponent(url.pathname).split('/')
  if (bucket !== options.bucket) return answer(response, 404, errorXml('NoSuchBucket'))
  const key = rest.join('/')
  const isUpload = url.searchParams.has('uploads') || url.searchParams.has('uploadId')
  if (isUpload) return serveUpload(contents, options, { ...exchange, key })
  const { objects } = contents
  if (request.method === 'PUT') {
    objects.set(key, { bytes: exchange.body, metadata: metadataOf(request) })
    return answer(response, 200, '', { etag: etagOf(exchange.body) })
  }
  if (request.method === 'DELETE') {
    objects.delete(key)
    return answer(response, 204)
  }
  const object = objects.get(key)
  if (object === undefined) return answer(response, 404, errorXml('NoSuchKey'))
  serveObject(object, exchange)
}

function serveObject({ bytes, metadata }: StoredObject, { request, response }: Exchange): void {
  const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  const part = start === undefined ? bytes : bytes.subarray(Number(start), Number(end) + 1)
  const named = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])
  answer(response, start === undefined ? 200 : 206, part, {
    ...Object.fromEntries(named),
    'content-length': part.length,
    etag: etagOf(bytes),
  })
}

function serveUpload(
  { objects, uploads }: Contents,
  { minPartBytes, maxListedParts = 1_000 }: FakeS3Options,
  { request, response, url, body, key }: Exchange & { readonly key: string },
): void {
  if (request.method === 'POST' && url.searchParams.has('uploads')) {
    const id = `upload+${uploads.size + 1}/${key.length}&x`
    uploads.set(id, { key, parts: new Map() })
    return answer(
      response,
      200,
      `<InitiateMultipartUploadResult xmlns="x"><UploadId>${escaped(id)}</UploadId></InitiateMultipartUploadResult>`,
    )
  }
  const id = url.searchParams.get('uploadId') ?? ''
  const upload = uploads.get(id)
  if (upload?.key !== key) return answer(response, 404, errorXml('NoSuchUpload'))
  if (request.method === 'PUT') {
    upload.parts.set(Number(url.searchParams.get('partNumber')), body)
    return answer(response, 200, '', { etag: etagOf(body) })
  }
  if (request.method === 'GET') {
    const after = Number(url.searchParams.get('part-number-marker') ?? 0)
    return answer(response, 200, partList(upload, after, maxListedParts))
  }
  if (request.method === 'DELETE') {
    uploads.delete(id)
    return answer(response, 204)
  }
  const problem = problemOf(upload, body.toString(), minPartBytes)
  // As Amazon may: the status is out before it is known.
  if (problem !== undefined) return answer(response, 200, errorXml(problem))
  const bytes = Buffer.concat([...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part))
  objects.set(key, { bytes, metadata: {} })
  uploads.delete(id)
  answer(
    response,
    200,
    '<CompleteMultipartUploadResult><ETag>&quot;x-2&quot;</ETag></CompleteMultipartUploadResult>',
  )
}

function partList({ parts }: Upload, after: number, most: number): string {
  const left = [...parts].filter(([number]) => number > after).sort(([a], [b]) => a - b)
  const shown = left.slice(0, most)
  const isTruncated = left.length > most
  const listed = shown.map(
    ([number, part]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${escaped(etagOf(part))}</ETag><Size>${part.length}</Size></Part>`,
  )
  const marker = isTruncated ? `<NextPartNumberMarker>${shown.at(-1)?.[0]}</NextPartNumberMarker>` : ''
  return `<ListPartsResult>${listed.join('\n')}<IsTruncated>${isTruncated}</IsTruncated>${marker}</ListPartsResult>`
}

function problemOf({ parts }: Upload, xml: string, minPartBytes: number): string | undefined {
  const listed = [...xml.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>(.*?)<\/ETag>/g)]
  if (listed.length !== parts.size) return 'InvalidPart'
  for (const [index, [, number, etag]] of listed.entries()) {
    const part = parts.get(Number(number))
    if (Number(number) !== index + 1) return 'InvalidPartOrder'
    if (part === undefined || etag?.replaceAll('&quot;', '"') !== etagOf(part)) return 'InvalidPart'
    if (index < listed.length - 1 && part.length < minPartBytes) return 'EntityTooSmall'
  }
  return undefined
}

function metadataOf({ headers }: IncomingMessage): Record<string, string> {
  const named = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'))
  return Object.fromEntries(named.map(([name, value]) => [name.slice(11), String(value)]))
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}

/** AWS Signature Version 4, from its documentation and with none of the adapter's code. */
function refusalOf(
  { accessKeyId, secretAccessKey, region }: FakeS3Options,
  request: IncomingMessage,
  { url, body }: { readonly url: URL; readonly body: Buffer },
): string | undefined {
  const { authorization = '', 'x-amz-date': date = '', 'x-amz-content-sha256': digest } = request.headers
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/
  const [, keyId, scope = '', names = '', signature] = form.exec(authorization) ?? []
  if (keyId !== accessKeyId) return 'InvalidAccessKeyId'
  if (scope !== `${String(date).slice(0, 8)}/${region}/s3/aws4_request`) return 'AuthorizationHeaderMalformed'
  const at = Date.parse(String(date).replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))
  if (!(Math.abs(Date.now() - at) < 900_000)) return 'RequestTimeTooSkewed'
  if (digest !== createHash('sha256').update(body).digest('hex')) return 'XAmzContentSHA256Mismatch'
  const signed = names.split(';')
  const needed = Object.keys(request.headers).filter((name) => name === 'host' || name.startsWith('x-amz-'))
  if (!needed.every((name) => signed.includes(name))) return 'AccessDenied'
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort()
  const canonical = [
    request.method,
    url.pathname
      .split('/')
      .map((part) => encode(decodeURIComponent(part)))
      .join('/'),
    query.join('&'),
    ...signed.map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}`,
    ),
    '',
    names,
    digest,
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', date, scope, createHash('sha256').update(canonical).digest('hex')].join(
    '\n',
  )
  const hmac = (key: Buffer | string, value: string) => createHmac('sha256', key).update(value).digest()
  const signingKey = scope
    .split('/')
    .reduce<Buffer | string>((key, part) => hmac(key, part), `AWS4${secretAccessKey}`)
  return hmac(signingKey, text).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch'
}
