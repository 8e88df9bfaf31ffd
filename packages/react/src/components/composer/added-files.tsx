import type { ReactNode } from 'react'
import { useChatUi } from '../chat-ui.tsx'
import { Icon } from '../icons.tsx'
import type { AddedFile, Uploads } from './use-uploads.ts'

/** The files of a message that is being written, with how far they are. */
export function AddedFiles({ uploads }: { readonly uploads: Uploads }): ReactNode {
  if (uploads.files.length === 0) return null
  return (
    <ul className="parley-added">
      {uploads.files.map((file) => (
        <AddedFileElement key={file.key} file={file} uploads={uploads} />
      ))}
    </ul>
  )
}

interface AddedFileProps {
  readonly file: AddedFile
  readonly uploads: Uploads
}

function AddedFileElement({ file, uploads }: AddedFileProps): ReactNode {
  const { texts } = useChatUi()
  const { key, name, progress, attachment, error } = file
  const percent = Math.round(progress * 100)
  return (
    <li className="parley-added-file" data-failed={error !== undefined || undefined}>
      <Icon name="file" />
      <bdi>{name}</bdi>
      {error !== undefined && (
        <span role="alert">
          {texts.notUploaded(name)} {error}
          <button type="button" className="parley-button" onClick={() => uploads.retry(key)}>
            {texts.tryAgain}
          </button>
        </span>
      )}
      {error === undefined && attachment === undefined && (
        <progress value={progress} max={1} aria-label={texts.uploading(name, percent)} />
      )}
      <button
        type="button"
        className="parley-action"
        aria-label={texts.removeFile(name)}
        onClick={() => uploads.remove(key)}
      >
        <Icon name="close" />
      </button>
    </li>
  )
}
