import type { Kept } from '@parley/look'
import { useState } from 'react'

/** What somebody is writing into a channel; survives a reload. */
export function useDraft(
  kept: Kept,
  channel: string,
): readonly [draft: string, write: (draft: string) => void] {
  const key = `parley.draft.${channel}`
  const [draft, setDraft] = useState(() => {
    const before = kept.read(key)
    return typeof before === 'string' ? before : ''
  })
  const write = (next: string) => {
    setDraft(next)
    if (next === '') kept.remove(key)
    else kept.write(key, next)
  }
  return [draft, write]
}
