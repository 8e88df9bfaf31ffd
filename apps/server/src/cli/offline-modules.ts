import { randomBytes } from 'node:crypto'
import { hmacSigner, nodeDigest } from '@parley/adapters/hash/node'
import { systemClock } from '@parley/adapters/system-clock'
import { Flags, type Module } from '@parley/kernel'
import { memoryBlobStore } from '@parley/kernel/memory'
import type { Config } from '../config.ts'

/** The modules of a server, for reading their contracts and migrations; they are not started, and make no files. */
export async function offlineModules(config: Config): Promise<readonly Module[]> {
  // What a server is made of is a thousand files: commands that do not look at it do without.
  const { modulesOf } = await import('../compose.ts')
  const { detectFileType } = await import('@parley/adapters/type-detector/file-type')
  const { store: _, s3: __, secret: ___, thumbnails: ____, ...limits } = config.files
  return modulesOf(config, {
    clock: systemClock(),
    flags: new Flags(config.flags),
    development: undefined,
    files: {
      blobs: memoryBlobStore(),
      signer: hmacSigner(randomBytes(32).toString('base64url')),
      digest: nodeDigest,
      detectType: detectFileType,
      limits,
    },
  })
}
