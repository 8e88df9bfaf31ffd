import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { Icon } from './icon.tsx'

interface CopyButtonProps {
  readonly text: string
  readonly label?: string
}

/** Puts a text into the clipboard. Nothing where the browser has none: the text can be selected by hand. */
export function CopyButton({ text, label = 'Copy' }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), 2_000)
    return () => clearTimeout(timer)
  }, [isCopied])
  if (!navigator.clipboard) return null
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      // Refused by the browser: the text can still be selected by hand.
      () => undefined,
    )
  return (
    <Button
      variant="default"
      size="compact-md"
      onClick={copy}
      leftSection={<Icon name={isCopied ? 'check' : 'copy'} size={16} />}
    >
      {isCopied ? 'Copied' : label}
    </Button>
  )
}
