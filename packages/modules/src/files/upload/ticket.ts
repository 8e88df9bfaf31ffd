import type { HttpStreamRequest, RouteCaller } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { type FileName, type FilesParts, routePrefix } from '../parts.ts'
import { ownerOf } from '../rules.ts'
import type { Sender } from './receive.ts'

/** Where uploads are, below the prefix of all routes. */
export const uploadsPath = '/files/uploads'

/**
 * The address of an upload. The ticket in it is good for this upload alone, so that sending needs no credentials that
 * might expire on the way.
 */
export function uploadAddress({ signer }: Pick<FilesParts, 'signer'>, { app, file }: FileName): string {
  const query = new URLSearchParams({ app, ticket: signer.sign(ticketText({ app, file })) })
  return `${routePrefix}${uploadsPath}/${file}?${query}`
}

/**
 * Who sends a request about an upload.
 *
 * @throws ParleyError `unauthenticated` for one without credentials and without the ticket of the upload
 */
export function senderOf(
  { digest, signer }: Pick<FilesParts, 'digest' | 'signer'>,
  { query, params }: HttpStreamRequest,
  caller: RouteCaller | undefined,
): Sender {
  if (caller !== undefined) return { app: caller.identity.app, owner: ownerOf(caller.identity, digest) }
  const { app = '', ticket = '' } = query
  const text = ticketText({ app: String(app), file: params.file ?? '' })
  if (!signer.isSigned(text, String(ticket))) throw new ParleyError('unauthenticated')
  return { app: String(app) }
}

function ticketText({ app, file }: FileName): string {
  return JSON.stringify(['files.upload', app, file])
}
