import { z } from 'zod'

/** The kind of the channel in which each user hears of the files that are theirs: `files:<user>`. */
export const filesKind = 'files'

/** Places that a file may be attached to at once. */
export const maxPlaces = 100

/** Files that one call takes. */
export const maxFilesPerCall = 20

/** The id of a file, made by the server. */
export const fileId = z
  .string()
  .length(20, 'A file id is what `files.begin` answered')
  .regex(/^[\w-]+$/, 'A file id is what `files.begin` answered')
  .meta({ description: 'A file, as `files.begin` named it.', examples: ['b2Zf8sKq3nXw0aLmT5cR'] })

/** A media type without parameters. */
export const mediaType = z
  .string()
  .max(127)
  .regex(/^[\w.+-]{1,63}\/[\w.+*-]{1,63}$/, 'A media type is written `image/png`')
  .meta({ description: 'A media type.', examples: ['image/png'] })

/** What a file is to be called. It is cleaned: no path, no control characters, at most 200 characters. */
export const fileName = z
  .string()
  .min(1)
  .max(1_024)
  .meta({ description: 'The name, without a path.', examples: ['harbour.jpg'] })

/** `processing`: all bytes are here, and an image is being made small. */
export const fileStatus = z.enum(['uploading', 'processing', 'ready'])

/** What a picture or another form of a file is asked for by. */
export const variant = z.enum(['original', 'thumbnail'])

const moment = z.int().meta({ description: 'Milliseconds since 1970.' })

/** A file as it is shown to those who may see it. */
export const fileInfo = z.object({
  file: z.string(),
  name: z.string(),
  type: z.string().meta({ description: 'Found in the bytes; before they are all here, as declared.' }),
  size: z.int().meta({ description: 'Bytes.' }),
  status: fileStatus,
  received: z.int().optional().meta({ description: 'Bytes that are here, while it is uploading.' }),
  width: z.int().optional(),
  height: z.int().optional(),
  placeholder: z
    .string()
    .optional()
    .meta({ description: 'A `data:` URL of at most 400 bytes, to show while the image loads.' }),
  thumbnail: z.boolean().meta({ description: 'Whether `files.url` has the variant `thumbnail`.' }),
  purpose: z.string().optional(),
  own: z.boolean().meta({ description: 'Whether the caller sent it.' }),
  createdAt: moment,
  expiresAt: moment
    .optional()
    .meta({ description: 'When it is removed, unless it is finished or attached.' }),
})

/** A file as it is shown to those who may see it. */
export type FileInfo = z.output<typeof fileInfo>

/** Where a file hangs: a channel and, if given, a thing in it. */
export interface Attachment {
  readonly to: string
  readonly ref?: string
}

/**
 * A file as it is kept in the records of table `files`. It holds no words: name and placeholder are in events of the
 * owner's channel, which can be redacted.
 */
export interface FileRecord {
  /** A user, `0=app` for back ends, or `0=` and a digest where the user's id cannot name a channel. */
  readonly owner: string
  readonly size: number
  readonly status: z.output<typeof fileStatus> | 'removing'
  readonly createdAt: number
  /** Offset of `files.begun`, or one a little below. */
  readonly begun: number
  /** Offset of `files.finished`, or one a little below. */
  readonly finished?: number
  /** When the sweep has to look at it; absent while nothing is due. */
  readonly due?: number | undefined
  /** Found in the bytes. */
  readonly type?: string
  /** Whether a browser may show it in a page. */
  readonly isInline?: boolean
  readonly hasThumbnail?: boolean
  readonly width?: number
  readonly height?: number
  /** Attempts to make a thumbnail that failed for reasons that may pass. */
  readonly failures?: number
  readonly attached: readonly Attachment[]
}
