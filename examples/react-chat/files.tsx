import { fileLink, uploadFile } from '@parley/client/upload'
import { ChatUiProvider, Composer, MessageList, type Upload, useClient } from '@parley/react'
import { useCallback } from 'react'

/** A conversation in which files are sent and shown. */
export function WithFiles({ channel }: { readonly channel: string }) {
  const client = useClient()
  const upload: Upload = useCallback(
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
  const fileUrl = useCallback(
    async (file: string, variant?: 'thumbnail') =>
      (await fileLink(client, file, variant ? { variant } : {})).url,
    [client],
  )
  return (
    <ChatUiProvider fileUrl={fileUrl}>
      <MessageList channel={channel} />
      <Composer channel={channel} upload={upload} />
    </ChatUiProvider>
  )
}
