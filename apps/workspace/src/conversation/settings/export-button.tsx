import { Button } from '@mantine/core'
import { Icon } from '@parley/look'
import type { ConversationInfo } from '@parley/react'
import { useEffect, useRef, useState } from 'react'
import { partsOf } from '../../address/place.ts'
import { useDesk } from '../../shell/desk.ts'
import { exportMessages } from './export-messages.ts'

interface ExportButtonProps {
  readonly conversation: ConversationInfo
  readonly title: string
}

/** Saves all messages to a file, one line of JSON each. */
export function ExportButton({ conversation: { channel }, title }: ExportButtonProps) {
  const { client, announcements } = useDesk()
  const [count, setCount] = useState<number>()
  const running = useRef<AbortController>(undefined)
  useEffect(() => () => running.current?.abort(), [])

  const save = async () => {
    const stop = new AbortController()
    running.current = stop
    setCount(0)
    try {
      const blob = await exportMessages(client, channel, { onProgress: setCount, signal: stop.signal })
      download(blob, `${partsOf(channel).id}.jsonl`)
    } catch (error) {
      if (!stop.signal.aborted) announcements.fail(`“${title}” was not exported.`, error)
    }
    setCount(undefined)
  }

  if (count === undefined)
    return (
      <Button variant="default" leftSection={<Icon name="download" size={16} />} onClick={save}>
        Export messages
      </Button>
    )
  return (
    <Button variant="default" onClick={() => running.current?.abort()}>
      {count.toLocaleString()} messages read. Stop
    </Button>
  )
}

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
