import type { HttpResponse, HttpStreamRequest, ModuleRoute, RouteCaller } from '@parley/kernel'
import { errorEntry, ParleyError } from '@parley/protocol'
import type { FileInfo } from '../model.ts'
import { type FilesParts, routePrefix } from '../parts.ts'
import { lockKey } from '../removal.ts'
import { blobKey } from '../rules.ts'
import { digestOf, type PartDigest } from './checked-parts.ts'
import { untilStopped } from './locks.ts'
import { metadataText, readMetadata } from './metadata.ts'
import { finishUpload, ownUpload } from './uploads.ts'

const version = '1.0.0'
const bytesType = 'application/offset+octet-stream'
const uploads = '/files/uploads'

type Run = (request: HttpStreamRequest, caller: RouteCaller) => Promise<HttpResponse>

/**
 * The tus protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload): core, creation, creation-with-upload,
 * termination, checksum, expiration.
 */
export function tusRoutes(parts: FilesParts): readonly ModuleRoute[] {
  const { maxFileBytes } = parts.limits
  const methods: Readonly<Record<string, Run>> = {
    HEAD: (request, caller) => head(parts, request, caller),
    PATCH: (request, caller) => patch(parts, request, caller),
    DELETE: (request, caller) => terminate(request, caller),
  }
  const one = (method: 'HEAD' | 'PATCH' | 'DELETE'): ModuleRoute => ({
    method,
    path: `${uploads}/{file}`,
    credentials: 'needed',
    ...(method === 'PATCH' ? { maxBodyBytes: maxFileBytes } : {}),
    handler: speakingTus(methods[method] as Run),
  })
  return [
    options(parts, uploads),
    options(parts, `${uploads}/{file}`),
    {
      method: 'POST',
      path: uploads,
      credentials: 'needed',
      maxBodyBytes: maxFileBytes,
      handler: speakingTus((request, caller) => create(parts, request, caller)),
    },
    ...(['HEAD', 'PATCH', 'DELETE'] as const).map(one),
    {
      // For clients whose surroundings know GET and POST alone.
      method: 'POST',
      path: `${uploads}/{file}`,
      credentials: 'needed',
      maxBodyBytes: maxFileBytes,
      handler: speakingTus(async (request, caller) => {
        const run = methods[header(request, 'x-http-method-override')?.toUpperCase() ?? '']
        if (run === undefined) throw new ParleyError('bad_request', 'Send the parts of an upload by PATCH.')
        return run(request, caller)
      }),
    },
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
function speakingTus(run: Run): Run {
  return async (request, caller) => {
    try {
      if (header(request, 'tus-resumable') !== version)
        throw new ParleyError('files.unsupported_version', `Send the header Tus-Resumable: ${version}.`)
      const answer = await run(request, caller)
      return {
        ...answer,
        headers: { 'cache-control': 'no-store', 'tus-resumable': version, ...answer.headers },
      }
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code === 'internal') throw error
      const { code, retryAfterMs } = error
      return {
        status: statuses[code] ?? errorEntry(code).http,
        headers: {
          ...{ 'cache-control': 'no-store', 'tus-resumable': version },
          ...(statuses[code] === 412 ? { 'tus-version': version } : {}),
          ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
        },
        body: error.toBody(),
      }
    }
  }
}

async function create(
  parts: FilesParts,
  request: HttpStreamRequest,
  caller: RouteCaller,
): Promise<HttpResponse> {
  const size = wholeNumber(request, 'upload-length')
  const { file, expiresAt } = (await caller.call('files.begin', {
    ...readMetadata(header(request, 'upload-metadata') ?? ''),
    size,
  })) as { file: string; expiresAt: number }
  const location = { location: `${routePrefix}${uploads}/${file}`, ...expiry(expiresAt) }
  const hasBytes = header(request, 'content-type') === bytesType
  if (!hasBytes && size > 0) return { status: 201, headers: location }
  const offset = await send(parts, request, caller, { file, offset: 0, hasBytes })
  return { status: 201, headers: { ...location, 'upload-offset': String(offset) } }
}

async function head(
  parts: FilesParts,
  request: HttpStreamRequest,
  caller: RouteCaller,
): Promise<HttpResponse> {
  const file = request.params.file ?? ''
  const info = (await caller.call('files.get', { file })) as FileInfo
  const offset = await parts.locks.run(lockKey({ app: caller.identity.app, file }), () =>
    standing(parts, caller, file),
  )
  return {
    status: 200,
    headers: {
      'upload-offset': String(offset),
      'upload-length': String(info.size),
      'upload-metadata': metadataText(info),
      ...(info.expiresAt === undefined ? {} : expiry(info.expiresAt)),
    },
  }
}

async function patch(
  parts: FilesParts,
  request: HttpStreamRequest,
  caller: RouteCaller,
): Promise<HttpResponse> {
  const file = request.params.file ?? ''
  if (header(request, 'content-type') !== bytesType)
    throw new ParleyError(
      'files.unsupported_type',
      `Send the bytes with the header Content-Type: ${bytesType}.`,
    )
  const at = wholeNumber(request, 'upload-offset')
  const info = (await caller.call('files.get', { file })) as FileInfo
  const offset = await send(parts, request, caller, { file, offset: at, hasBytes: true })
  return {
    status: 204,
    headers: {
      'upload-offset': String(offset),
      ...(info.expiresAt === undefined || offset === info.size ? {} : expiry(info.expiresAt)),
    },
  }
}

async function terminate(request: HttpStreamRequest, caller: RouteCaller): Promise<HttpResponse> {
  await caller.call('files.remove', { file: request.params.file ?? '' })
  return { status: 204 }
}

/** Where an upload stands; one whose bytes are all here is finished, should a crash have come in between. */
async function standing(parts: FilesParts, { identity }: RouteCaller, file: string): Promise<number> {
  const { app } = identity
  const record = await ownUpload(parts, identity, file)
  if (record.status !== 'uploading') return record.size
  const key = blobKey(app, file)
  const received = (await parts.blobs.size(key)) ?? (await parts.blobs.received(key))
  if (received === record.size) await finishUpload(parts, { app, file }, record)
  return received
}

interface Part {
  readonly file: string
  readonly offset: number
  readonly hasBytes: boolean
}

/** Takes a part in, and finishes the upload if it was the last. Answers how much is here. */
function send(
  parts: FilesParts,
  request: HttpStreamRequest,
  caller: RouteCaller,
  { file, offset, hasBytes }: Part,
): Promise<number> {
  const { app } = caller.identity
  const digest = digestOf(header(request, 'upload-checksum'))
  return parts.locks.run(lockKey({ app, file }), async (stopped) => {
    const received = await standing(parts, caller, file)
    if (received !== offset)
      throw new ParleyError('files.offset_mismatch', `The upload stands at ${received}, not at ${offset}.`, {
        details: { offset: received },
      })
    const record = await ownUpload(parts, caller.identity, file)
    if (record.status !== 'uploading' || !hasBytes) return received
    const bytes = bounded(untilStopped(request.bytes, stopped), record.size - offset)
    const size = await store(parts, blobKey(app, file), { offset, bytes, digest })
    if (size === record.size) await finishUpload(parts, { app, file }, record)
    return size
  })
}

async function store(
  parts: FilesParts,
  key: string,
  {
    offset,
    bytes,
    digest,
  }: {
    readonly offset: number
    readonly bytes: AsyncIterable<Uint8Array>
    readonly digest: PartDigest | undefined
  },
): Promise<number> {
  if (digest === undefined) return parts.blobs.append(key, offset, bytes)
  return parts.checked.hold(digest, bytes, (part) => parts.blobs.append(key, offset, part))
}

/** @throws ParleyError `payload_too_large` when more comes than was announced */
async function* bounded(bytes: AsyncIterable<Uint8Array>, most: number): AsyncIterable<Uint8Array> {
  let left = most
  for await (const piece of bytes) {
    left -= piece.length
    if (left < 0)
      throw new ParleyError('payload_too_large', 'More bytes came than the upload was announced to have.')
    yield piece
  }
}

function expiry(at: number): Readonly<Record<string, string>> {
  return { 'upload-expires': new Date(at).toUTCString() }
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
