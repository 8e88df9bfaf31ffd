import { useDebouncedValue } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'

const patienceMs = 250

/** A field that somebody types into: the value goes on when they pause. */
export function useTyped(
  value: string | undefined,
  change: (value: string | undefined) => void,
): readonly [typed: string, type: (text: string) => void] {
  const [typed, setTyped] = useState(value ?? '')
  const [settled] = useDebouncedValue(typed, patienceMs)
  const latest = useRef({ change, value })
  latest.current = { change, value }
  useEffect(() => {
    if (settled !== (latest.current.value ?? '')) latest.current.change(settled === '' ? undefined : settled)
  }, [settled])
  // Cleared, or gone to by a link.
  useEffect(() => setTyped(value ?? ''), [value])
  return [typed, setTyped]
}
