import { hmacSigner, nodeDigest } from '@parley/adapters/hash/node'
import { detectFileType } from '@parley/adapters/type-detector/file-type'
import {
  type BlobStore,
  defineKind,
  type HttpContent,
  type HttpResponse,
  type HttpStreamRequest,
  type Identity,
  type ImageProcessor,
  implement,
} from '@parley/kernel'
import { memoryBlobStore } from '@parley/kernel/memory'
import { type TestNodeOptions, testIdentity, testNode } from '@parley/kernel/testing'
import { command, defineContract, ParleyError } from '@parley/protocol'
import { z } from 'zod'
import { type FilesOptions, filesModule } from '../index.ts'
import type { FileInfo } from '../model.ts'

/** The bytes of a picture of one pixel. */
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

const rooms = defineContract({
  name: 'rooms',
  summary: 'Rooms with members, who share files.',
  commands: {
    share: command({
      summary: 'Share files.',
      input: z.strictObject({ files: z.array(z.string()), to: z.string(), ref: z.string().optional() }),
      output: z.object({}),
      permission: 'anyone',
      rest: 'POST /rooms/share',
    }),
  },
  events: {},
})

/** Another module: those in the room may read it, and share by it. */
function roomsModule(members: ReadonlySet<string>) {
  return implement(rooms, {
    kinds: [
      defineKind('rooms', 'room', {
        access: { read: 'user' },
        authorize: async ({ identity }) => members.has(identity.user ?? ''),
      }),
    ],
    handlers: {
      share: async (ctx, input) => {
        await ctx.call('files.attach', input)
        return {}
      },
    },
  })
}

/** Takes what begins like a PNG; bytes that say so are no image, or cannot be read now. */
function fakeImages(): ImageProcessor & { answers: ('busy' | 'bad')[]; taken: number } {
  return {
    types: ['image/png', 'image/apng'],
    answers: [],
    taken: 0,
    async process(bytes) {
      for await (const _ of bytes) this.taken += 1
      const answer = this.answers.shift()
      if (answer !== undefined) throw new ParleyError(answer === 'bad' ? 'bad_request' : 'overloaded')
      return {
        ...{ width: 40, height: 30, thumbnail: Buffer.from('small') },
        placeholder: 'data:image/webp;base64,AA==',
      }
    },
  }
}

export interface FilesNodeOptions extends Pick<TestNodeOptions, 'disk' | 'clock'> {
  readonly limits?: FilesOptions['limits']
  readonly blobs?: BlobStore
}

/** A user who may do nothing but what everybody may. */
export const user = (name: string): Identity => testIdentity(name, { grants: [] })
export const backend = testIdentity(undefined)

/** A node with module `files`, its routes, and a module that shares files in rooms of which `members` are. */
export async function filesNode({ limits, blobs = memoryBlobStore(), ...options }: FilesNodeOptions = {}) {
  const members = new Set(['ada', 'bob'])
  const images = fakeImages()
  const files = filesModule({
    ...{ blobs, images, digest: nodeDigest, detectType: detectFileType },
    signer: hmacSigner('a secret of thirty-two characters'),
    ...(limits === undefined ? {} : { limits }),
  })
  const t = await testNode({ ...options, modules: [files, roomsModule(members)] })
  const call = <T = never>(identity: Identity, name: string, input: unknown, key?: string) =>
    t.call(identity, name, input, key) as Promise<T>
  const code = (done: Promise<unknown>) =>
    done.then(
      () => 'ok',
      (error: ParleyError) => error.code,
    )
  const ask = (identity: Identity | undefined, request: Request) => route(t, files, { identity, request })
  const begin = async (identity: Identity, announced: object) =>
    (await call<{ file: string }>(identity, 'files.begin', announced)).file
  const send = (identity: Identity, file: string, bytes: Uint8Array | string) =>
    ask(identity, patch(file, 0, bytes))
  const upload = async (
    identity: Identity,
    name: string,
    bytes: Uint8Array | string = 'words',
    type?: string,
  ) => {
    const size = Buffer.from(bytes).length
    const file = await begin(identity, { name, size, ...(type === undefined ? {} : { type }) })
    if (size > 0) await send(identity, file, bytes)
    else await ask(identity, { method: 'HEAD', path: `/files/uploads/${file}` })
    await t.clock.settle()
    return file
  }
  const get = (identity: Identity, file: string) => call<FileInfo>(identity, 'files.get', { file })
  return { ...t, blobs, images, members, call, code, ask, begin, send, upload, get }
}

interface Request {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly bytes?: AsyncIterable<Uint8Array>
}

/** A part of an upload. */
export function patch(
  file: string,
  offset: number,
  bytes: Uint8Array | string | AsyncIterable<Uint8Array>,
  headers = {},
): Request {
  const stream = typeof bytes === 'string' || bytes instanceof Uint8Array ? pieces(bytes) : bytes
  return {
    method: 'PATCH',
    path: `/files/uploads/${file}`,
    bytes: stream,
    headers: {
      'upload-offset': String(offset),
      'content-type': 'application/offset+octet-stream',
      ...headers,
    },
  }
}

/** Bytes one piece after the other. */
export async function* pieces(...all: (Uint8Array | string)[]): AsyncIterable<Uint8Array> {
  for (const piece of all) yield Buffer.from(piece)
}

type Node = Awaited<ReturnType<typeof testNode>>

/** Sends a request to a route of the module, as the gateway does. */
async function route(
  { node, clock }: Node,
  { routes = [] }: ReturnType<typeof filesModule>,
  { identity, request }: { readonly identity: Identity | undefined; readonly request: Request },
): Promise<HttpResponse & Partial<HttpContent>> {
  const [path = '', search = ''] = request.path.split('?')
  for (const one of routes) {
    const pattern = new RegExp(`^${one.path.replace('{file}', '(?<file>[^/]+)')}$`)
    const found = pattern.exec(path)
    if (found === null || one.method !== request.method) continue
    const whole: HttpStreamRequest = {
      ...{ id: 'r1', ip: '192.0.2.1', method: request.method, path },
      params: { ...found.groups },
      query: Object.fromEntries(new URLSearchParams(search)),
      headers: { 'tus-resumable': '1.0.0', ...request.headers },
      bytes: request.bytes ?? pieces(),
      signal: new AbortController().signal,
    }
    if (one.credentials === 'none') return (await one.handler(whole)) as never
    const caller = identity && {
      identity,
      call: (name: string, input: unknown) => node.call(identity, name, input),
    }
    const answered = one.handler(whole, caller)
    answered.catch(() => undefined)
    await clock.settle()
    return (await answered) as never
  }
  throw new Error(`There is no route ${request.method} ${path}.`)
}
