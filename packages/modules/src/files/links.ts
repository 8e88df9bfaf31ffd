import { ParleyError } from '@parley/protocol'
import type { FilesParts } from './parts.ts'

/** What a link gives, and until when. */
export interface Link {
  readonly app: string
  readonly file: string
  readonly variant: 'original' | 'thumbnail'
  readonly type: string
  readonly name: string
  readonly isInline: boolean
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

type Query = Readonly<Record<string, string | readonly string[]>>

/** Links that are asked for within a quarter of their time are the same, so that browsers fetch the bytes once. */
export function linkEnd(now: number, ttlMs: number): number {
  const step = ttlMs / 4
  return Math.ceil((now + ttlMs) / step) * step
}

/** A path with everything in it that is needed to give the bytes, vouched for. */
export function linkPath({ signer }: Pick<FilesParts, 'signer'>, prefix: string, link: Link): string {
  const { app, file, variant, type, name, isInline, expiresAt } = link
  const query = new URLSearchParams({
    ...{ app, variant, type, name },
    show: isInline ? '1' : '0',
    expires: String(expiresAt),
    signature: signer.sign(textOf(link)),
  })
  return `${prefix}/files/${file}/content?${query}`
}

/**
 * What a link gives.
 *
 * @throws ParleyError `forbidden` for one that we did not make, or that has expired
 */
export function readLink(
  { signer }: Pick<FilesParts, 'signer'>,
  file: string,
  query: Query,
  now: number,
): Link {
  const text = (name: string) => (typeof query[name] === 'string' ? query[name] : '')
  const link: Link = {
    file,
    app: text('app'),
    variant: text('variant') === 'thumbnail' ? 'thumbnail' : 'original',
    type: text('type'),
    name: text('name'),
    isInline: text('show') === '1',
    expiresAt: Number(text('expires')),
  }
  if (!signer.isSigned(textOf(link), text('signature')))
    throw new ParleyError('forbidden', 'This link was not made by this server. Ask `files.url` for one.')
  if (link.expiresAt <= now)
    throw new ParleyError('forbidden', 'The link has expired. Ask `files.url` for another.', {
      details: { expiredAt: link.expiresAt },
    })
  return link
}

function textOf({ app, file, variant, type, name, isInline, expiresAt }: Link): string {
  return JSON.stringify(['files', app, file, variant, type, name, isInline, expiresAt])
}
