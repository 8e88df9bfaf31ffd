import type { Digest, Identity } from '@parley/kernel'
import { parseChannelName } from '@parley/protocol'
import type { FileLimits } from './limits.ts'
import { type Attachment, type FileRecord, filesKind } from './model.ts'

const maxNameLength = 200
/** How owners begin that are no users; `0=` is as good as never the beginning of a user's id. */
const mark = '0='
const appOwner = `${mark}app`

/** Whose files an identity sends. Users whose id cannot name a channel are known by its digest. */
export function ownerOf({ role, user }: Identity, digest: Digest): string {
  if (role === 'backend' || user === undefined) return appOwner
  const isPlain = !user.startsWith(mark) && parseChannelName(`${filesKind}:${user}`) !== undefined
  if (isPlain) return user
  const text = digest('sha256', new TextEncoder().encode(user))
  return `${mark}${text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')}`
}

/** The user whom an owner names; undefined where it names none. */
export function userOf(owner: string): string | undefined {
  return owner.startsWith(mark) ? undefined : owner
}

/** The channel in which an owner hears of their files, and which holds the names. */
export function channelOf(owner: string): string {
  return `${filesKind}:${owner}`
}

/**
 * What a file may be called: the last part of a path, without control characters and without those that turn the
 * direction of writing around (`gpj.exe` would read `exe.jpg`).
 */
export function cleanName(given: string): string {
  const name = (given.normalize('NFC').toWellFormed().split(/[/\\]/).at(-1) ?? '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]/gu, '')
    .replace(/^[\s.]+|[\s.]+$/g, '')
  if (name === '') return 'file'
  const letters = [...name]
  if (letters.length <= maxNameLength) return name
  const [ending = ''] = /\.[\p{L}\p{N}]{1,10}$/u.exec(name) ?? []
  return letters.slice(0, maxNameLength - [...ending].length).join('') + ending
}

/** Whether a media type fits one of some patterns: `image/png`, `image/*`, `*` + `/*`. */
export function fitsType(type: string, patterns: readonly string[]): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*/*' ||
      pattern === type ||
      (pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1))),
  )
}

/** Whether files of a type are taken. */
export function isTaken(type: string, { accept, refuse }: Pick<FileLimits, 'accept' | 'refuse'>): boolean {
  return fitsType(type, accept) && !fitsType(type, refuse)
}

/** Types that a browser may show in a page: none of them can hold anything that runs. */
const inlineTypes = new Set([
  ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/apng'],
  ...['video/mp4', 'video/webm', 'video/ogg', 'video/quicktime'],
  ...['audio/mpeg', 'audio/mp4', 'audio/x-m4a', 'audio/aac', 'audio/ogg', 'audio/opus', 'audio/wav'],
  ...['audio/webm', 'audio/flac', 'audio/x-flac'],
  'text/plain',
])

/** Whether a browser may show files of a type in a page. */
export function isShowable(type: string): boolean {
  return inlineTypes.has(type)
}

/** The record's next moment at which something has to be done about it; undefined: none. */
export function nextDue(
  { status, attached, createdAt }: Omit<FileRecord, 'due'>,
  now: number,
  limits: Pick<FileLimits, 'unfinishedTtlMs' | 'unattachedTtlMs'>,
): number | undefined {
  if (status === 'uploading') return createdAt + limits.unfinishedTtlMs
  if (status === 'processing' || status === 'removing') return now
  return attached.length === 0 ? now + limits.unattachedTtlMs : undefined
}

/** The places of a file with one more; the same list when it is there already. */
export function withPlace(attached: readonly Attachment[], place: Attachment): readonly Attachment[] {
  return attached.some((one) => isAt(one, place)) ? attached : [...attached, place]
}

/** The places of a file without one; without a `ref`, without all of the channel. */
export function withoutPlace(attached: readonly Attachment[], place: Attachment): readonly Attachment[] {
  const left = attached.filter((one) => (place.ref === undefined ? one.to !== place.to : !isAt(one, place)))
  return left.length === attached.length ? attached : left
}

function isAt(one: Attachment, other: Attachment): boolean {
  return one.to === other.to && one.ref === other.ref
}

/** Where the bytes of a file are. */
export function blobKey(app: string, file: string): string {
  return `${app}/${file.slice(0, 2)}/${file}`
}

/** Where its thumbnail is. */
export function thumbnailKey(app: string, file: string): string {
  return `${blobKey(app, file)}-thumbnail`
}
