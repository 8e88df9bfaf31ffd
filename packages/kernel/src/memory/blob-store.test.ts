import { describe, test } from 'vitest'
import { checkBlobStore } from '../testing/check-blob-store.ts'
import { memoryBlobStore } from './blob-store.ts'

describe('the blob store in memory', () => {
  checkBlobStore(test, async () => ({ blobs: memoryBlobStore(), close: async () => undefined }))
})
