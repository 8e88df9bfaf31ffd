import type {
  BlobStore,
  Context,
  Digest,
  ImageProcessor,
  ModuleServices,
  Signer,
  TypeDetector,
} from '@parley/kernel'
import type { FileLimits } from './limits.ts'
import { channelOf } from './rules.ts'
import type { CheckedParts } from './upload/checked-parts.ts'
import type { Locks } from './upload/locks.ts'
import type { Pictures } from './upload/pictures.ts'
import type { Usage } from './usage.ts'

/** What files are made with. */
export interface FilesOptions {
  readonly blobs: BlobStore
  /** Without one no thumbnails are made. */
  readonly images?: ImageProcessor
  /** Vouches for links. Its secret has to outlive a restart, and so do links then. */
  readonly signer: Signer
  readonly digest: Digest
  readonly detectType: TypeDetector
  readonly limits?: Partial<FileLimits>
}

/** What the parts of the module share. */
export interface FilesParts extends Omit<FilesOptions, 'limits'> {
  readonly limits: FileLimits
  readonly usage: Usage
  readonly locks: Locks
  readonly pictures: Pictures
  readonly checked: CheckedParts
  /** @throws ParleyError `unavailable` before the node has started */
  services(): ModuleServices
}

/** A file of an app. */
export interface FileName {
  readonly app: string
  readonly file: string
}

/** Changes something about the files of an owner: one such change after the other, each a unit. */
export function change<T>(
  parts: FilesParts,
  { app, owner }: { readonly app: string; readonly owner: string },
  job: (ctx: Context) => Promise<T>,
): Promise<T> {
  return parts.services().run(app, job, { order: channelOf(owner) })
}

/** Where the gateway puts the routes of modules. */
export const routePrefix = '/api'
