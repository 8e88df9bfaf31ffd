import { type CallOptions, type ErrorBody, ParleyError } from '@parley/protocol'
import { type Backoff, backoffMs } from '../connection/backoff.ts'
import { type Clock, systemClock } from '../platform.ts'

/** What uploads need of a client. */
export interface UploadClient {
  readonly url: string
  call(command: string, input: unknown, options?: CallOptions): Promise<unknown>
}

/** A file as the server describes it; the output of `files.get`. */
export interface UploadedFile {
  readonly file: string
  readonly name: string
  readonly type: string
  readonly size: number
  readonly status: 'uploading' | 'processing' | 'ready'
  readonly width?: number
  readonly height?: number
  readonly placeholder?: string
  readonly thumbnail: boolean
}

export interface UploadProgress {
  /** Bytes that the server has. */
  readonly sent: number
  readonly total: number
}

export interface UploadOptions {
  /** Default: that of a `File`, else `file`. */
  readonly name?: string | undefined
  /** Default: that of a `Blob`. */
  readonly type?: string | undefined
  /** For the application: `avatar`. */
  readonly purpose?: string | undefined
  /** Aborting it gives the upload up. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined
  /** Where the server answers HTTP; default: where the client connects to. */
  readonly baseUrl?: string | undefined
  /** Bytes that are sent at once. Default 5 MiB. */
  readonly partBytes?: number | undefined
  /** Attempts in a row that bring nothing further before it is given up. Default 10. */
  readonly maxAttempts?: number | undefined
  readonly fetch?: typeof fetch | undefined
  readonly clock?: Clock | undefined
}

/** What is sent: a file of a form, a blob, bytes. */
export type Uploadable = Blob | Uint8Array

const defaultPartBytes = 5 * 1024 * 1024
const defaultAttempts = 10
const backoff: Backoff = { baseMs: 500, capMs: 20_000 }
const bytesType = 'application/offset+octet-stream'

/**
 * Sends a file, part by part. What breaks on the way goes on where the server stands. Fulfilled when the server has the
 * file and has made its thumbnail, or has tried to for ten seconds.
 *
 * @throws ParleyError `cancelled` when the signal was aborted, `files.…` when the server does not take the file, or the
 *   last failure when nothing has moved for `maxAttempts` attempts
 */
export async function uploadFile(
  client: UploadClient,
  file: Uploadable,
  options: UploadOptions = {},
): Promise<UploadedFile> {
  const { signal } = options
  const call = { ...(signal === undefined ? {} : { signal }) }
  const { file: id, upload } = (await client.call('files.begin', announce(file, options), call)) as {
    file: string
    upload: string
  }
  const address = addressOf(client, upload, options.baseUrl)
  const sending = new Sending(file, address, options)
  try {
    await sending.run()
    return (await client.call('files.get', { file: id, wait: true }, call)) as UploadedFile
  } catch (error) {
    if (signal?.aborted !== true) throw error
    sending.giveUp()
    throw new ParleyError('cancelled', 'The upload was given up.')
  }
}

/** A link to the bytes of a file, for `src` of an image or for keeping; good for an hour. */
export async function fileLink(
  client: UploadClient,
  file: string,
  options: { readonly variant?: 'original' | 'thumbnail'; readonly baseUrl?: string } = {},
): Promise<{ readonly url: string; readonly expiresAt: number }> {
  const { variant = 'original', baseUrl } = options
  const { url, expiresAt } = (await client.call('files.url', { file, variant })) as {
    url: string
    expiresAt: number
  }
  return { url: addressOf(client, url, baseUrl), expiresAt }
}

function announce(file: Uploadable, { name, type, purpose }: UploadOptions) {
  // Browsers add parameters: `text/plain;charset=utf-8`.
  const given = (type ?? ('type' in file ? file.type : '')).split(';', 1)[0] ?? ''
  return {
    name: name || ('name' in file && typeof file.name === 'string' ? file.name : '') || 'file',
    size: sizeOf(file),
    ...(/^[\w.+-]+\/[\w.+-]+$/.test(given) ? { type: given } : {}),
    ...(purpose === undefined ? {} : { purpose }),
  }
}

function sizeOf(file: Uploadable): number {
  return 'byteLength' in file ? file.byteLength : file.size
}

/** Where a path of the server is: it answers HTTP where its socket is, unless something else was said. */
function addressOf({ url }: UploadClient, path: string, baseUrl: string | undefined): string {
  const page = (globalThis as { location?: { readonly href: string } }).location?.href
  const base = baseUrl === undefined ? new URL(url, page).origin : new URL(baseUrl, page).href
  return base.replace(/^ws/, 'http').replace(/\/$/, '') + path
}

type Outcome =
  | { readonly offset: number }
  /** It may go better another time. */
  | { readonly failure: ParleyError }

/** One file on its way. */
class Sending {
  readonly #file: Uploadable
  readonly #address: string
  readonly #options: UploadOptions
  readonly #clock: Clock
  readonly #total: number
  #offset = 0

  constructor(file: Uploadable, address: string, options: UploadOptions) {
    this.#file = file
    this.#address = address
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#total = sizeOf(file)
  }

  async run(): Promise<void> {
    const { onProgress, maxAttempts = defaultAttempts } = this.#options
    let [failures, isLost] = [0, this.#total === 0]
    onProgress?.({ sent: 0, total: this.#total })
    while (isLost || this.#offset < this.#total) {
      const before = this.#offset
      const outcome = await (isLost ? this.#ask() : this.#sendPart())
      if ('offset' in outcome) {
        isLost = false
        this.#offset = outcome.offset
        if (this.#offset > before) failures = 0
        onProgress?.({ sent: this.#offset, total: this.#total })
        continue
      }
      isLost = true
      failures += 1
      if (failures >= maxAttempts) throw outcome.failure
      await this.#pause(failures - 1, outcome.failure.retryAfterMs ?? 0)
    }
  }

  /** Tells the server, which would find out in a day. */
  giveUp(): void {
    const request = { method: 'DELETE', headers: { 'tus-resumable': '1.0.0' } }
    void this.#fetch(request, undefined).catch(() => undefined)
  }

  #sendPart(): Promise<Outcome> {
    const { partBytes = defaultPartBytes } = this.#options
    const end = Math.min(this.#offset + partBytes, this.#total)
    const bytes =
      'byteLength' in this.#file
        ? this.#file.subarray(this.#offset, end)
        : this.#file.slice(this.#offset, end)
    return this.#request({
      method: 'PATCH',
      headers: { 'content-type': bytesType, 'upload-offset': String(this.#offset) },
      body: bytes as Blob | Uint8Array<ArrayBuffer>,
    })
  }

  /** How much is there? */
  #ask(): Promise<Outcome> {
    return this.#request({ method: 'HEAD' })
  }

  async #request(request: RequestInit): Promise<Outcome> {
    const { signal } = this.#options
    let response: Response
    try {
      const headers = { ...request.headers, 'tus-resumable': '1.0.0' }
      response = await this.#fetch({ ...request, headers }, signal)
    } catch (cause) {
      signal?.throwIfAborted()
      return { failure: new ParleyError('unavailable', 'The server cannot be reached.', { cause }) }
    }
    const offset = Number(response.headers.get('upload-offset') ?? Number.NaN)
    if (response.ok && offset >= 0) return { offset: Math.min(offset, this.#total) }
    const failure = await errorOf(response)
    if (mayPass(response.status)) return { failure }
    throw failure
  }

  #fetch(request: RequestInit, signal: AbortSignal | undefined): Promise<Response> {
    const send = this.#options.fetch ?? fetch
    return send(this.#address, { ...request, ...(signal === undefined ? {} : { signal }) })
  }

  #pause(attempt: number, leastMs: number): Promise<void> {
    const { signal } = this.#options
    const delayMs = Math.max(leastMs, backoffMs(attempt, backoff, this.#clock.random()))
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        timer.cancel()
        reject(signal?.reason)
      }
      const timer = this.#clock.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted === true) onAbort()
    })
  }
}

/** Another place than ours (409, 423), a part that came damaged (460), a server that has too much to do or is away. */
function mayPass(status: number): boolean {
  return [408, 409, 423, 425, 429, 460].includes(status) || status >= 500
}

async function errorOf(response: Response): Promise<ParleyError> {
  try {
    return ParleyError.from((await response.json()) as ErrorBody)
  } catch {
    // Something between us and the server has answered, or it was a question without a body.
    const code = response.status === 404 ? 'not_found' : 'unavailable'
    return new ParleyError(code, `The server answered with status ${response.status}.`)
  }
}
