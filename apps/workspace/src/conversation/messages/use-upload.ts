import { uploadFile } from '@parley/client/upload'
import { type Upload, useClient } from '@parley/react'
import { useCallback } from 'react'

/** Sends a file that is dropped, pasted or chosen, so that it can hang on a message. */
export function useUpload(): Upload {
  const client = useClient()
  return useCallback(
    async (file, { onProgress, signal }) => {
      const sent = await uploadFile(client, file, {
        signal,
        onProgress: ({ sent: bytes, total }) => onProgress(bytes / total),
      })
      const { file: id, name, type, size, width, height, placeholder } = sent
      return { file: id, name, type, size, width, height, placeholder }
    },
    [client],
  )
}
