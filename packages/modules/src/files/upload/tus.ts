import type { HttpResponse, HttpStreamRequest, ModuleRoute, RouteCaller } from '@parley/kernel'
import { errorStatus, ParleyError } from '@parley/protocol'
import type { FilesParts } from '../parts.ts'
import { digestOf } from './checked-parts.ts'
import { metadataText, readMetadata } from './metadata.ts'
import { findUpload, giveUp, receive, type Sender, standing } from './receive.ts'
import { senderOf, uploadsPath } from './ticket.ts'

const version = '1.0.0'
const bytesType = 'application/offset+octet-stream'

/** A request about an upload, and what is known of it. */
interface Exchange {
  readonly request: HttpStreamRequest
  readonly caller: RouteCaller | undefined
  readonly file: string
}

type Run = (parts: FilesParts, exchange: Exchange) => Promise<HttpResponse>

const methods = { HEAD: head, PATCH: patch, DELETE: terminate } as const satisfies Record<string, Run>

/**
 * The tus protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload): core, creation, creation-with-upload,
 * termination, checksum, expiration.
 */
export function tusRoutes(parts: FilesParts): readonly ModuleRoute[] {
  const { maxFileBytes: maxBodyBytes } = parts.limits
  const one = `${uploadsPath}/{file}`
  const route = (method: 'HEAD' | 'PATCH' | 'DELETE' | 'POST', path: string, run: Run): ModuleRoute => ({
    ...{ method, path, credentials: 'optional' },
    ...(method === 'PATCH' || method === 'POST' ? { maxBodyBytes } : {}),
    handler: (request, caller) =>
      speakingTus(request, () => run(parts, { request, caller, file: request.params.file ?? '' })),
  })
  return [
    options(parts, uploadsPath),
    options(parts, one),
    route('POST', uploadsPath, create),
    route('HEAD', one, head),
    route('PATCH', one, patch),
    route('DELETE', one, terminate),
    route('POST', one, override),
  ]
}

function options({ limits }: FilesParts, path: string): ModuleRoute {
  const headers = {
    'tus-resumable': version,
    'tus-version': version,
    'tus-max-size': String(limits.maxFileBytes),
    'tus-extension': 'creation,creation-with-upload,termination,checksum,expiration',
    'tus-checksum-algorithm': 'sha1,sha256,md5',
  }
  return { method: 'OPTIONS', path, credentials: 'none', handler: async () => ({ status: 204, headers }) }
}

/** Status codes that the protocol, or its clients, attach a meaning to: 409, 423 and 5xx are tried again. */
const statuses: Readonly<Record<string, number>> = {
  'files.too_large': 413,
  'files.quota_exceeded': 413,
  'files.type_refused': 415,
  'files.checksum_mismatch': 460,
  'files.unsupported_version': 412,
  'files.unsupported_type': 415,
}

/** Checks the version asked for, and answers errors as the protocol has it. */
async function speakingTus(
  request: HttpStreamRequest,
  run: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const always = { 'cache-control': 'no-store', 'tus-resumable': version }
  try {
    if (header(request, 'tus-resumable') !== version)
      throw new ParleyError('files.unsupported_version', `Send the header Tus-Resumable: ${version}.`)
    const answer = await run()
    return { ...answer, headers: { ...always, ...answer.headers } }
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code === 'internal') throw error
    const { code, retryAfterMs } = error
    return {
      status: statuses[code] ?? errorStatus(code),
      headers: {
        ...always,
        ...(statuses[code] === 412 ? { 'tus-version': version } : {}),
        ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
      },
      body: error.toBody(),
    }
  }
}

async function create(parts: FilesParts, { request, caller }: Exchange): Promise<HttpResponse> {
  if (caller === undefined) throw new ParleyError('unauthenticated')
  const size = wholeNumber(request, 'upload-length')
  const { file, upload, expiresAt } = (await caller.call('files.begin', {
    ...readMetadata(header(request, 'upload-metadata') ?? ''),
    size,
  })) as { file: string; upload: string; expiresAt: number }
  const headers = { location: upload, ...expiry(expiresAt) }
  const hasBytes = header(request, 'content-type') === bytesType
  if (!hasBytes && size > 0) return { status: 201, headers }
  const sender = senderOf(parts, request, caller)
  const offset = hasBytes
    ? await take(parts, sender, { request, file }, 0)
    : await standing(parts, sender, file)
  return { status: 201, headers: { ...headers, 'upload-offset': String(offset) } }
}

async function head(parts: FilesParts, exchange: Exchange): Promise<HttpResponse> {
  const { file } = exchange
  const sender = await admit(parts, exchange)
  const { record, words } = await findUpload(parts, sender, file)
  const offset = await standing(parts, sender, file)
  return {
    status: 200,
    headers: {
      'upload-offset': String(offset),
      'upload-length': String(record.size),
      'upload-metadata': metadataText(words ?? { name: 'file' }),
      ...(record.status === 'uploading' ? expiry(record.due) : {}),
    },
  }
}

async function patch(parts: FilesParts, exchange: Exchange): Promise<HttpResponse> {
  const { request, file } = exchange
  if (header(request, 'content-type') !== bytesType)
    throw new ParleyError(
      'files.unsupported_type',
      `Send the bytes with the header Content-Type: ${bytesType}.`,
    )
  const at = wholeNumber(request, 'upload-offset')
  const sender = await admit(parts, exchange)
  const { record } = await findUpload(parts, sender, file)
  const offset = await take(parts, sender, exchange, at)
  return {
    status: 204,
    headers: { 'upload-offset': String(offset), ...(offset < record.size ? expiry(record.due) : {}) },
  }
}

async function terminate(parts: FilesParts, { request, caller, file }: Exchange): Promise<HttpResponse> {
  if (caller === undefined) await giveUp(parts, senderOf(parts, request, caller), file)
  else await caller.call('files.remove', { file })
  return { status: 204 }
}

/** For clients whose surroundings know GET and POST alone. */
function override(parts: FilesParts, exchange: Exchange): Promise<HttpResponse> {
  const named = header(exchange.request, 'x-http-method-override')?.toUpperCase() ?? ''
  if (!Object.hasOwn(methods, named))
    throw new ParleyError('bad_request', 'Send the parts of an upload by PATCH.')
  return methods[named as keyof typeof methods](parts, exchange)
}

/** Who is there, once it counted for their rate. */
async function admit(parts: FilesParts, { request, caller, file }: Exchange): Promise<Sender> {
  const sender = senderOf(parts, request, caller)
  await caller?.call('files.get', { file })
  return sender
}

function take(
  parts: FilesParts,
  sender: Sender,
  { request, file }: Pick<Exchange, 'request' | 'file'>,
  offset: number,
): Promise<number> {
  const digest = digestOf(header(request, 'upload-checksum'))
  return receive(parts, sender, file, { offset, bytes: request.bytes, digest })
}

function expiry(at: number | undefined): Readonly<Record<string, string>> {
  return at === undefined ? {} : { 'upload-expires': new Date(at).toUTCString() }
}

function header({ headers }: HttpStreamRequest, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

function wholeNumber(request: HttpStreamRequest, name: string): number {
  const text = header(request, name) ?? ''
  if (!/^\d{1,15}$/.test(text))
    throw new ParleyError('bad_request', `The header ${name} is a whole number of bytes.`)
  return Number(text)
}
