import { useState } from 'react'
import { keptOnDevice } from '../kept.ts'
import type { View } from './bottom-bar.tsx'

const key = 'parley.side-panel'
const isTelephone = (): boolean => matchMedia('(width < 720px)').matches
const isWide = (): boolean => matchMedia('(width >= 1120px)').matches

/** The panel beside the messages. On a telephone it is a view of its own. */
export function useSidePanel(view: View, onView: (view: View) => void) {
  const [isOpen, setOpen] = useState(() => isWide() && keptOnDevice.read(key) !== false)
  const toggle = () => {
    if (isTelephone()) return onView(view === 'people' ? 'messages' : 'people')
    setOpen(!isOpen)
    keptOnDevice.write(key, !isOpen)
  }
  return { isOpen, toggle }
}
