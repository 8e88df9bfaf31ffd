import { join } from 'node:path'
import { hmacSigner, nodeDigest } from '@parley/adapters/hash/node'
import { detectFileType } from '@parley/adapters/type-detector/file-type'
import type { BlobStore, ImageProcessor, Logger } from '@parley/kernel'
import { memoryBlobStore } from '@parley/kernel/memory'
import type { FilesOptions } from '@parley/modules'
import type { Config } from './config.ts'
import { keptSecret } from './kept-secret.ts'

/** What module `files` is made with, as the configuration says. */
export async function filesOptions(config: Config, logger: Logger): Promise<FilesOptions> {
  const { store: _, s3: __, secret, thumbnails, ...limits } = config.files
  const images = thumbnails ? await openImages(logger) : undefined
  return {
    blobs: await openBlobs(config, logger),
    ...(images === undefined ? {} : { images }),
    signer: hmacSigner(secret ?? keptSecret(config, 'files-secret')),
    digest: nodeDigest,
    detectType: detectFileType,
    limits,
  }
}

// An adapter that is not asked for is not loaded.
async function openBlobs({ files, storageProvider, dataDir }: Config, logger: Logger): Promise<BlobStore> {
  if (files.s3 !== undefined && files.store === 's3')
    return (await import('@parley/adapters/blob/s3')).s3BlobStore({ ...files.s3, logger })
  if (storageProvider === 'memory') return memoryBlobStore()
  return (await import('@parley/adapters/blob/disk')).diskBlobStore({ directory: join(dataDir, 'files') })
}

async function openImages(logger: Logger): Promise<ImageProcessor | undefined> {
  try {
    return (await import('@parley/adapters/image/sharp')).sharpImages()
  } catch (error) {
    // It is code of the machine, and some machines have none.
    logger.warn('No thumbnails are made: the image library does not run on this machine.', {
      error: String(error),
    })
    return undefined
  }
}
