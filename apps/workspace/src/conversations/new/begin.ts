import type { ConversationInfo } from '@parley/react'
import { useState } from 'react'
import { goTo } from '../../address/use-place.ts'

/** Begins a conversation and goes there; what the server refuses is the problem of the form. */
export function useBeginning(onClose: () => void) {
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()
  const begin = async (make: () => Promise<ConversationInfo>) => {
    setBusy(true)
    setProblem(undefined)
    try {
      const { channel } = await make()
      goTo({ page: 'conversation', channel })
      onClose()
    } catch (error) {
      setProblem((error as Error).message)
      setBusy(false)
    }
  }
  return { isBusy, problem, begin, setProblem }
}

/** `Launch day!` → `launch-day`: what the address of a room is made of; empty when nothing is left. */
export function roomIdOf(title: string): string {
  return title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64)
    .replace(/-+$/, '')
}
