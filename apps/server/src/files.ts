import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hmacSigner, nodeDigest } from '@parley/adapters/hash/node'
import { detectFileType } from '@parley/adapters/type-detector/file-type'
import type { BlobStore, ImageProcessor, Logger } from '@parley/kernel'
import { memoryBlobStore } from '@parley/kernel/memory'
import type { FilesOptions } from '@parley/modules'
import type { Config } from './config.ts'

/** What module `files` is made with, as the configuration says. */
export async function filesOptions(config: Config, logger: Logger): Promise<FilesOptions> {
  const { store: _, s3: __, secret, thumbnails, ...limits } = config.files
  const images = thumbnails ? await openImages(logger) : undefined
  return {
    blobs: await openBlobs(config, logger),
    ...(images === undefined ? {} : { images }),
    signer: hmacSigner(secret ?? keptSecret(config)),
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

const fileName = 'files-secret'

/** The secret that vouches for links, made on first use and kept, so that links outlive a restart. */
function keptSecret({ storageProvider, dataDir }: Config): string {
  const made = randomBytes(32).toString('base64url')
  if (storageProvider === 'memory') return made
  const path = join(dataDir, fileName)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(path, made, { flag: 'wx', mode: 0o600 })
    return made
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const kept = readFileSync(path, 'utf8').trim()
  if (kept.length >= 32) return kept
  throw new Error(`${path} does not hold a secret of 32 characters. Remove it, and a new one is made.`)
}
