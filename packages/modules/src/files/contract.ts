import { command, defineContract, event } from '@parley/protocol'
import { z } from 'zod'
import { cursor, nextPage, pageSize } from '../paging.ts'
import { fileId, fileInfo, fileName, maxFilesPerCall, mediaType, variant } from './model.ts'

const done = z.object({})
const fileIds = z.array(fileId).min(1).max(maxFilesPerCall)
const place = z
  .string()
  .min(3)
  .max(200)
  .meta({ description: 'A channel.', examples: ['chat:general'] })
const ref = z
  .string()
  .regex(/^[!-~]{1,128}$/)
  .optional()
  .meta({ description: 'The thing in the channel that the files belong to, a message perhaps.' })
const example = 'b2Zf8sKq3nXw0aLmT5cR'
const notReady = { 'files.not_ready': 'The upload is not finished. Send the rest of the bytes first.' }

const begin = command({
  summary: 'Begin an upload.',
  description:
    'The bytes are then sent to `upload` by the tus protocol (version 1.0.0), in one request or in many; whatever breaks, ' +
    'the upload goes on where it stood. A tus client begins by `POST /api/files/uploads` and needs no other call.',
  input: z.strictObject({
    name: fileName,
    size: z.int().min(0).max(Number.MAX_SAFE_INTEGER).meta({ description: 'Bytes.' }),
    type: mediaType.optional(),
    purpose: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,31}$/)
      .optional()
      .meta({ description: 'For the application: `avatar`.' }),
  }),
  output: z.object({
    file: z.string(),
    upload: z
      .string()
      .meta({ description: 'Path of the upload on this server; sending there needs no credentials.' }),
    expiresAt: z.int().meta({ description: 'The upload has to be finished by then.' }),
  }),
  permission: 'anyone',
  rest: 'POST /files',
  errors: {
    'files.too_large': 'The file is larger than the server takes.',
    'files.quota_exceeded': 'The quota of the user or of the app leaves no room for the file.',
    'files.type_refused': 'The server does not take files of this type.',
  },
  example: { name: 'harbour.jpg', size: 48_213, type: 'image/jpeg' },
})

const get = command({
  summary: 'A file: its name, type and size, and how far its upload is.',
  description:
    'Before it is attached, for who sent it; afterwards also for who may read a channel that it is attached to.',
  input: z.strictObject({
    file: fileId,
    wait: z
      .boolean()
      .default(false)
      .meta({ description: 'Answer when its thumbnail is made, or after ten seconds.' }),
  }),
  output: fileInfo,
  permission: 'anyone',
  orderBy: 'file',
  rest: 'GET /files/{file}',
  readOnly: true,
  example: { file: example },
})

const describe = command({
  summary: 'Several files at once, in the order asked; all have to be finished.',
  description:
    'For pages that show many. A file that the caller may not see is answered as if it did not exist.',
  input: z.strictObject({ files: fileIds }),
  output: z.object({ files: z.array(fileInfo) }),
  permission: 'anyone',
  rest: 'GET /files/describe',
  readOnly: true,
  errors: notReady,
  example: { files: [example] },
})

const list = command({
  summary: "The caller's own files, newest first.",
  description: 'Page by page.',
  input: z.strictObject({
    after: cursor,
    limit: pageSize(100, 50),
  }),
  output: z.object({ files: z.array(fileInfo), next: nextPage }),
  permission: 'anyone',
  rest: 'GET /files',
  readOnly: true,
  example: {},
})

const remove = command({
  summary: 'Remove a file, or give up an upload. Its bytes and its name are in no file afterwards.',
  description: 'For who sent it, and for back ends that may `manage` the app.',
  input: z.strictObject({ file: fileId }),
  output: done,
  permission: 'anyone',
  orderBy: 'file',
  rest: 'DELETE /files/{file}',
  example: { file: example },
})

const url = command({
  summary: 'A link to the bytes of a file, good for an hour and in need of no header.',
  description:
    'It works as `src` of an image. Pictures, sound, films and plain text are shown in the page, everything else is ' +
    'offered for keeping. Who has the link has the file until it expires.',
  input: z.strictObject({ file: fileId, variant: variant.default('original') }),
  output: z.object({ url: z.string().meta({ description: 'A path of this server.' }), expiresAt: z.int() }),
  permission: 'anyone',
  orderBy: 'file',
  rest: 'GET /files/{file}/url',
  readOnly: true,
  errors: { ...notReady, 'files.no_thumbnail': 'The file has no thumbnail. Ask for the original.' },
  example: { file: example, variant: 'thumbnail' },
})

const amount = z.object({ bytes: z.int(), limit: z.int().meta({ description: '0: none.' }) })

const quota = command({
  summary: 'How much the caller has stored, and may store.',
  description: 'In bytes.',
  input: z.strictObject({}),
  output: z.object({
    user: amount,
    app: amount.optional().meta({ description: 'For back ends.' }),
    maxFileBytes: z.int(),
  }),
  permission: 'anyone',
  rest: 'GET /files/quota',
  readOnly: true,
  example: {},
})

const attach = command({
  summary: 'Attach files to a channel: who may read it may fetch them from then on.',
  description:
    'The caller sent them, or may read a channel that they are attached to already. A file that is attached nowhere is ' +
    'removed after a day. Repeating it changes nothing.',
  input: z.strictObject({ files: fileIds, to: place, ref }),
  output: done,
  permission: 'internal',
  rest: 'POST /files/attachments',
  errors: notReady,
  example: { files: [example], to: 'chat:general', ref: 'm-17' },
})

const detach = command({
  summary: 'Take files off a channel. One that hangs nowhere else is removed at once, with its name.',
  description: 'Without `ref`, off everything in the channel. Files that are not there are passed over.',
  input: z.strictObject({ files: fileIds, to: place, ref }),
  output: done,
  permission: 'internal',
  rest: 'DELETE /files/attachments',
  example: { files: [example], to: 'chat:general', ref: 'm-17' },
})

/** Files that people send: uploads that survive a break, thumbnails, quotas, links that expire. */
export const files = defineContract({
  name: 'files',
  summary:
    'Send files in parts that survive a break, attach them to channels, fetch them by links that expire.',
  commands: { begin, get, describe, list, remove, url, quota, attach, detach },
  events: {
    'files.begun': event(
      'An upload was begun.',
      z.object({
        file: z.string(),
        name: z.string(),
        size: z.int(),
        type: z.string().optional(),
        purpose: z.string().optional(),
      }),
    ),
    'files.finished': event(
      'A file is ready to be attached and fetched.',
      fileInfo.pick({
        file: true,
        type: true,
        size: true,
        width: true,
        height: true,
        placeholder: true,
        thumbnail: true,
      }),
    ),
    'files.removed': event(
      'A file is gone: forget its name and what was fetched of it.',
      z.object({ file: z.string(), reason: z.enum(['removed', 'detached', 'expired', 'refused']) }),
    ),
  },
})
