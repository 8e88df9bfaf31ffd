import type { ByteRange } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { type Ask, type S3Connection, s3Connection } from './connection.ts'
import { elements, textOf } from './xml.ts'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export interface UploadedPart {
  readonly number: number
  readonly etag: string
  readonly size: number
}

interface Head {
  readonly size: number
  /** Without their prefix. */
  readonly metadata: Readonly<Record<string, string>>
}

/** A bucket, by the calls of the S3 protocol that are needed. */
export interface Bucket {
  head(key: string): Promise<Head | undefined>
  get(key: string, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined>
  put(key: string, bytes: Uint8Array, metadata?: Readonly<Record<string, string>>): Promise<void>
  remove(key: string): Promise<void>
  createUpload(key: string): Promise<string>
  putPart(
    key: string,
    part: { readonly id: string; readonly number: number; readonly bytes: Uint8Array },
  ): Promise<string>
  /** Undefined when there is no such upload. */
  listParts(key: string, id: string): Promise<readonly UploadedPart[] | undefined>
  completeUpload(key: string, id: string, parts: readonly UploadedPart[]): Promise<void>
  abortUpload(key: string, id: string): Promise<void>
}

const metadataPrefix = 'x-amz-meta-'

/** @throws RangeError for an endpoint that is no URL */
export function s3Bucket(options: S3Connection): Bucket {
  const ask = s3Connection(options)
  return { ...objects(ask), ...uploads(ask) }
}

function objects(ask: Ask): Pick<Bucket, 'head' | 'get' | 'put' | 'remove'> {
  return {
    async head(key) {
      const response = await ask({ method: 'HEAD', key }, [200, 404])
      if (response.status === 404) return undefined
      const named = [...response.headers].filter(([name]) => name.startsWith(metadataPrefix))
      return {
        size: Number(response.headers.get('content-length')),
        metadata: Object.fromEntries(
          named.map(([name, value]) => [name.slice(metadataPrefix.length), value]),
        ),
      }
    },
    async get(key, range) {
      const headers = range === undefined ? {} : { range: `bytes=${range.start}-${range.end - 1}` }
      const response = await ask({ method: 'GET', key, headers }, [200, 206, 404])
      if (response.status !== 404) return response.body ?? nothing()
      await response.body?.cancel()
      return undefined
    },
    async put(key, bytes, metadata = {}) {
      const headers = Object.fromEntries(
        Object.entries(metadata).map(([name, value]) => [metadataPrefix + name, value]),
      )
      await drained(await ask({ method: 'PUT', key, headers, bytes }, [200]))
    },
    async remove(key) {
      await drained(await ask({ method: 'DELETE', key }, [200, 204, 404]))
    },
  }
}

function uploads(
  ask: Ask,
): Pick<Bucket, 'createUpload' | 'putPart' | 'listParts' | 'completeUpload' | 'abortUpload'> {
  return {
    async createUpload(key) {
      const xml = await (await ask({ method: 'POST', key, query: { uploads: '' } }, [200])).text()
      const id = textOf(xml, 'UploadId')
      if (id === undefined) throw new ParleyError('unavailable', 'The object store gave no id of an upload.')
      return id
    },
    async putPart(key, { id, number, bytes }) {
      const query = { partNumber: String(number), uploadId: id }
      const response = await drained(await ask({ method: 'PUT', key, query, bytes }, [200]))
      return response.headers.get('etag') ?? ''
    },
    async listParts(key, id) {
      const parts: UploadedPart[] = []
      let marker = '0'
      for (;;) {
        const query = { uploadId: id, 'part-number-marker': marker }
        const response = await ask({ method: 'GET', key, query }, [200, 404])
        const xml = await response.text()
        if (response.status === 404) return undefined
        parts.push(...elements(xml, 'Part').map(partOf))
        if (textOf(xml, 'IsTruncated') !== 'true') return parts
        marker = textOf(xml, 'NextPartNumberMarker') ?? ''
      }
    },
    async completeUpload(key, id, parts) {
      const listed = parts.map(
        ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`,
      )
      const bytes = Buffer.from(
        `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${listed.join('')}</CompleteMultipartUpload>`,
      )
      const xml = await (await ask({ method: 'POST', key, query: { uploadId: id }, bytes }, [200])).text()
      // It may answer 200 before it knows.
      const code = textOf(xml, 'Code')
      if (code !== undefined && xml.includes('<Error>'))
        throw new ParleyError('unavailable', `The object store could not join the parts: ${code}.`)
    },
    async abortUpload(key, id) {
      await drained(await ask({ method: 'DELETE', key, query: { uploadId: id } }, [200, 204, 404]))
    },
  }
}

function partOf(xml: string): UploadedPart {
  return {
    number: Number(textOf(xml, 'PartNumber')),
    etag: textOf(xml, 'ETag') ?? '',
    size: Number(textOf(xml, 'Size')),
  }
}

/** A connection is used again once its answer was read. */
async function drained(response: Response): Promise<Response> {
  await response.arrayBuffer()
  return response
}

async function* nothing(): AsyncIterable<Uint8Array> {}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')
}
