import { createReadStream, type Stats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import type { Readable } from 'node:stream'
import type { StaticFiles } from '@parley/kernel'

export interface FileAnswer {
  readonly status: 200 | 304
  readonly headers: Readonly<Record<string, string>>
  /** Absent for 304 and HEAD. */
  readonly stream?: Readable
}

export interface FileRequest {
  readonly method: string
  /** As sent, without the query. */
  readonly path: string
  readonly accept: string
  readonly ifNoneMatch: string | undefined
  readonly acceptEncoding: string
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** A name with a hash of its content in it, as bundlers write into `assets/`: the file never changes. */
const hashedName = /\/assets\/[^/]+-[\w-]{8,}\.\w+$/

/** The file of a folder that a path names, or its fallback page; undefined when there is neither. */
export async function answerFile(files: StaticFiles, request: FileRequest): Promise<FileAnswer | undefined> {
  const segments = segmentsBelow(files.path, request.path)
  if (segments === undefined) return undefined
  const found = (await locate(files.folder, segments)) ?? (await fallbackOf(files, segments, request))
  if (found === undefined) return undefined
  const compressed = await compressedCopy(found, request.acceptEncoding)
  const { path, stats } = compressed ?? found
  const tag = `"${stats.size.toString(36)}-${Math.trunc(stats.mtimeMs).toString(36)}"`
  const headers = {
    etag: tag,
    vary: 'accept-encoding',
    ...(compressed === undefined ? {} : { 'content-encoding': 'gzip' }),
    'cache-control': hashedName.test(request.path) ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
  if (request.ifNoneMatch === tag) return { status: 304, headers }
  return {
    status: 200,
    headers: {
      ...headers,
      'content-type': contentTypes[extname(found.path).toLowerCase()] ?? 'application/octet-stream',
      'content-length': String(stats.size),
    },
    ...(request.method === 'HEAD' ? {} : { stream: createReadStream(path) }),
  }
}

/** The copy that was compressed when the file was built; one that is older than its file says something else. */
async function compressedCopy(
  { path, stats }: { path: string; stats: Stats },
  acceptEncoding: string,
): Promise<{ path: string; stats: Stats } | undefined> {
  if (!/\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(acceptEncoding)) return undefined
  try {
    const copy = await stat(`${path}.gz`)
    return copy.isFile() && copy.mtimeMs >= stats.mtimeMs ? { path: `${path}.gz`, stats: copy } : undefined
  } catch {
    return undefined
  }
}

/** The decoded segments of a path below a mount; undefined for what no file is reached by. */
function segmentsBelow(mount: string, path: string): readonly string[] | undefined {
  const start = mount.endsWith('/') ? mount : `${mount}/`
  if (!`${path}/`.startsWith(start)) return undefined
  try {
    const segments = decodeURIComponent(path.slice(start.length))
      .split('/')
      .filter((segment) => segment !== '')
    // Hidden files, and with them `..`, are nobody's business; so are separators and drives of other systems.
    return segments.some((segment) => segment.startsWith('.') || /[\0\\:]/.test(segment))
      ? undefined
      : segments
  } catch {
    return undefined
  }
}

async function locate(
  folder: string,
  segments: readonly string[],
): Promise<{ path: string; stats: Stats } | undefined> {
  try {
    const root = await realpath(folder)
    let path = await realpath(join(root, ...segments))
    if (path !== root && !path.startsWith(root + sep)) return undefined
    let stats = await stat(path)
    if (stats.isDirectory()) {
      path = join(path, 'index.html')
      stats = await stat(path)
    }
    return stats.isFile() ? { path, stats } : undefined
  } catch {
    return undefined
  }
}

/** A page of the application is asked for by browsers, and its last segment is no file name. */
async function fallbackOf(files: StaticFiles, segments: readonly string[], request: FileRequest) {
  const isPage = request.accept.includes('text/html') && !segments.at(-1)?.includes('.')
  return files.fallback !== undefined && isPage ? await locate(files.folder, [files.fallback]) : undefined
}
