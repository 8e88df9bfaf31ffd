import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { z } from 'zod'
import type { attachment } from '../../model.ts'
import { keyedDigest } from '../../search/digest.ts'

/** A file of a message. */
export type Attachment = z.output<typeof attachment>

/** The message that files hang on. */
export interface AttachedTo {
  readonly channel: string
  readonly author: string
  readonly id: string
}

// Ids are chosen by authors: together with the author they name one message of the channel.
function referTo({ channel, author, id }: AttachedTo) {
  return { to: channel, ref: `chat-${keyedDigest({ low: 0, high: 0 }, `${author}\n${id}`)}` }
}

const fields = ['file', 'name', 'type', 'size', 'width', 'height', 'placeholder'] as const

/**
 * Attaches files of the caller to a message that is about to be sent, and tells what they are. Repeating it changes
 * nothing.
 *
 * @throws ParleyError `chat.no_such_file`
 */
export async function attachFiles(
  ctx: Context,
  to: AttachedTo,
  files: readonly string[],
): Promise<Attachment[]> {
  const wanted = [...new Set(files)]
  try {
    const described = (await ctx.call('files.describe', { files: wanted })) as {
      readonly files: readonly Attachment[]
    }
    await ctx.call('files.attach', { files: wanted, ...referTo(to) })
    return described.files.map(
      (info) =>
        Object.fromEntries(
          fields.flatMap((field) => (info[field] === undefined ? [] : [[field, info[field]]])),
        ) as unknown as Attachment,
    )
  } catch (error) {
    if (!(error instanceof ParleyError) || error.retryable) throw error
    throw new ParleyError('chat.no_such_file', `A file cannot be attached. ${error.message}`, {
      cause: error,
    })
  }
}

/** Takes files off a message that is gone; what hangs nowhere else is removed. */
export async function detachFiles(ctx: Context, from: AttachedTo, files: readonly string[]): Promise<void> {
  if (files.length === 0) return
  try {
    await ctx.call('files.detach', { files, ...referTo(from) })
  } catch (error) {
    // A server that no longer has files has none to let go.
    if (!(error instanceof ParleyError) || error.code !== 'unknown_command') throw error
  }
}
