import { type Context, type Handlers, thumbnailType } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { describeFiles, mayManage, noSuchFile, visibleFile } from './access.ts'
import type { files } from './contract.ts'
import { linkEnd, linkPath } from './links.ts'
import { type Attachment, type FileRecord, maxPlaces } from './model.ts'
import { change, type FilesParts, routePrefix } from './parts.ts'
import { removeFile } from './removal.ts'
import { nextDue, ownerOf, withoutPlace, withPlace } from './rules.ts'
import { findFile, ownFiles, saveFile } from './store.ts'
import { uploadAddress } from './upload/ticket.ts'
import { beginUpload } from './upload/uploads.ts'

const longestWaitMs = 10_000

/** The handlers of module `files`. */
export function filesHandlers(parts: FilesParts): Handlers<typeof files> {
  return { ...sending(parts), ...reading(parts), ...hanging(parts) }
}

type Some<Name extends keyof typeof files.commands> = Pick<Handlers<typeof files>, Name>

function sending(parts: FilesParts): Some<'begin' | 'remove'> {
  return {
    begin: async ({ identity }, announced) => {
      const { file, expiresAt } = await beginUpload(parts, identity, announced)
      return { file, upload: uploadAddress(parts, { app: identity.app, file }), expiresAt }
    },
    remove: async (ctx, { file }) => {
      const found = await findFile(ctx, file)
      if (found === undefined) throw noSuchFile(file)
      const { owner } = found.record
      if (owner !== ownerOf(ctx.identity, parts.digest) && !(await mayManage(ctx))) throw noSuchFile(file)
      await removeFile(parts, { app: ctx.app, file, owner }, 'removed')
      return {}
    },
  }
}

function reading(parts: FilesParts): Some<'get' | 'describe' | 'list' | 'url' | 'quota'> {
  return {
    get: async (ctx, { file, wait }) => {
      let { record } = await visibleFile(parts, ctx, file, 'know')
      if (wait && record.status === 'processing') {
        await within(ctx, parts.pictures.settled({ app: ctx.app, file }))
        record = (await visibleFile(parts, ctx, file, 'know')).record
      }
      const [info] = await describeFiles(parts, ctx, [[file, record]])
      return info as NonNullable<typeof info>
    },
    describe: async (ctx, { files }) => {
      const found = await Promise.all(
        files.map(async (file) => {
          const { record } = await visibleFile(parts, ctx, file, 'fetch')
          requireHere(file, record)
          return [file, record] as const
        }),
      )
      return { files: [...(await describeFiles(parts, ctx, found))] }
    },
    list: async (ctx, page) => {
      const { files, next } = await ownFiles(ctx, ownerOf(ctx.identity, parts.digest), {
        after: page.after,
        limit: page.limit,
      })
      const found = await Promise.all(
        files.map(async (file) => [file, (await findFile(ctx, file))?.record] as const),
      )
      const kept = found.flatMap(([file, record]) =>
        record === undefined || record.status === 'removing' ? [] : [[file, record] as const],
      )
      return { files: [...(await describeFiles(parts, ctx, kept))], next }
    },
    url: async (ctx, { file, variant }) => {
      const { record } = await visibleFile(parts, ctx, file, 'fetch')
      requireHere(file, record)
      if (variant === 'thumbnail' && record.hasThumbnail !== true)
        throw new ParleyError(
          'files.no_thumbnail',
          `File \`${file}\` has no thumbnail. Ask for the original.`,
        )
      return link(parts, ctx, { file, record, variant })
    },
    quota: async ({ app, identity }) => {
      const { limits, usage } = parts
      const user = {
        bytes: await usage.ofOwner(app, ownerOf(identity, parts.digest)),
        limit: limits.userQuotaBytes,
      }
      const ofApp = { bytes: usage.ofApp(app), limit: limits.appQuotaBytes }
      return {
        user,
        ...(identity.role === 'backend' ? { app: ofApp } : {}),
        maxFileBytes: limits.maxFileBytes,
      }
    },
  }
}

function hanging(parts: FilesParts): Some<'attach' | 'detach'> {
  return {
    attach: async (ctx, { files, ...place }) => {
      ctx.channels.kind(place.to)
      const found = await Promise.all(
        files.map(async (file) => {
          const { record } = await visibleFile(parts, ctx, file, 'fetch')
          requireHere(file, record)
          return { file, owner: record.owner }
        }),
      )
      for (const [owner, those] of Map.groupBy(found, (one) => one.owner))
        await attach(parts, { app: ctx.app, owner, files: those.map(({ file }) => file) }, placeOf(place))
      return {}
    },
    detach: async (ctx, { files, ...place }) => {
      for (const file of files) await detach(parts, { app: ctx.app, file }, placeOf(place))
      return {}
    },
  }
}

function placeOf({ to, ref }: { readonly to: string; readonly ref?: string | undefined }): Attachment {
  return ref === undefined ? { to } : { to, ref }
}

function requireHere(file: string, { status }: FileRecord): void {
  if (status === 'uploading')
    throw new ParleyError('files.not_ready', `The upload of \`${file}\` is not finished.`, {
      details: { file },
    })
}

async function link(
  parts: FilesParts,
  ctx: Context,
  {
    file,
    record,
    variant,
  }: { readonly file: string; readonly record: FileRecord; readonly variant: 'original' | 'thumbnail' },
) {
  const expiresAt = linkEnd(ctx.clock.now(), parts.limits.linkTtlMs)
  const isThumbnail = variant === 'thumbnail'
  const [info] = await describeFiles(parts, ctx, [[file, record]])
  const url = linkPath(parts, routePrefix, {
    ...{ app: ctx.app, file, variant, expiresAt },
    name: info?.name ?? 'file',
    type: isThumbnail ? thumbnailType : (record.type ?? 'application/octet-stream'),
    isInline: isThumbnail || record.isInline === true,
  })
  return { url, expiresAt }
}

function attach(
  parts: FilesParts,
  { app, owner, files }: { readonly app: string; readonly owner: string; readonly files: readonly string[] },
  place: Attachment,
): Promise<void> {
  return change(parts, { app, owner }, async (ctx) => {
    for (const file of files) {
      const before = await findFile(ctx, file)
      if (before === undefined || before.record.status === 'removing') throw noSuchFile(file)
      const { record } = before
      const after = { ...record, attached: withPlace(record.attached, place) }
      if (after.attached === record.attached) continue
      if (after.attached.length > maxPlaces)
        throw new ParleyError('limit_exceeded', `A file is attached to at most ${maxPlaces} things.`, {
          details: { limit: maxPlaces },
        })
      const due = record.status === 'processing' ? record.due : nextDue(after, ctx.clock.now(), parts.limits)
      saveFile(ctx, file, { before, after: { ...after, due } })
    }
  })
}

async function detach(
  parts: FilesParts,
  { app, file }: { readonly app: string; readonly file: string },
  place: Attachment,
): Promise<void> {
  const record = await parts.services().run(app, async (ctx) => (await findFile(ctx, file))?.record)
  if (record === undefined) return
  const { owner } = record
  const isLoose = await change(parts, { app, owner }, async (ctx) => {
    const before = await findFile(ctx, file)
    if (before === undefined) return false
    const attached = withoutPlace(before.record.attached, place)
    if (attached === before.record.attached) return before.record.status === 'removing'
    // The last place stays until the removal is stored: a file that hangs nowhere is the owner's again.
    if (attached.length === 0) return true
    saveFile(ctx, file, { before, after: { ...before.record, attached } })
    return false
  })
  const hangsNowhereElse = ({ attached }: FileRecord) => withoutPlace(attached, place).length === 0
  if (isLoose) await removeFile(parts, { app, file, owner }, 'detached', hangsNowhereElse)
}

/** Waits for something, for a while. */
async function within({ clock }: Context, work: Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.after(longestWaitMs, resolve)
    void work.then(() => {
      timer.cancel()
      resolve()
    })
  })
}
