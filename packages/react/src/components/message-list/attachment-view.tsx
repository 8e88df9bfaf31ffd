import { type ReactNode, useEffect, useState } from 'react'
import type { Attachment } from '../../chat/message.ts'
import { useChatUi } from '../chat-ui.tsx'
import { Icon } from '../icons.tsx'
import { safeAddress } from '../markdown/inline.ts'

const shownTypes = /^image\/(png|jpeg|gif|webp|avif)$/
const maxEdge = 320

/** A picture, or the name of a file. */
export function AttachmentView({ attachment }: { readonly attachment: Attachment }): ReactNode {
  const { texts, locale } = useChatUi()
  const { file, name, type, size, width, height } = attachment
  const isPicture = shownTypes.test(type)
  const address = useAddress(file, undefined)
  const thumbnail = useAddress(isPicture ? file : undefined, 'thumbnail')
  const scale = width && height ? Math.min(1, maxEdge / Math.max(width, height)) : undefined
  const content =
    isPicture && thumbnail !== undefined ? (
      <img
        src={thumbnail}
        alt={name}
        loading="lazy"
        {...(scale && width && height
          ? { width: Math.round(width * scale), height: Math.round(height * scale) }
          : {})}
      />
    ) : (
      <>
        <Icon name="file" />
        <bdi>{name}</bdi>
        <span className="parley-size">{sizeOf(size, locale)}</span>
      </>
    )
  if (address === undefined) return <span className="parley-file">{content}</span>
  return (
    <a
      className="parley-file"
      href={address}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={texts.file(name)}
    >
      {content}
    </a>
  )
}

/** Where a file can be read, once the application has said. */
function useAddress(file: string | undefined, variant: 'thumbnail' | undefined): string | undefined {
  const { fileUrl } = useChatUi()
  const [address, setAddress] = useState<{ readonly file: string; readonly url: string }>()
  useEffect(() => {
    if (file === undefined || fileUrl === undefined) return
    let isWanted = true
    Promise.resolve(fileUrl(file, variant)).then(
      (url) => {
        if (isWanted && isSafe(url)) setAddress({ file, url })
      },
      () => undefined,
    )
    return () => {
      isWanted = false
    }
  }, [file, fileUrl, variant])
  return address?.file === file ? address?.url : undefined
}

/** Files are on this origin, or at an address of the web. */
function isSafe(url: string): boolean {
  return url.startsWith('/') || url.startsWith('blob:') || safeAddress(url) !== undefined
}

/** "1.2 MB". */
function sizeOf(bytes: number, locale: string | undefined): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const amount = bytes / 1000 ** power
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: units[power] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: amount < 10 ? 1 : 0,
  }).format(amount)
}
