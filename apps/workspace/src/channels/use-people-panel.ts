import { keptOnDevice } from '@parley/look'
import { useState } from 'react'

const key = 'parley.side-panel'
const isTelephone = (): boolean => matchMedia('(width < 720px)').matches
const isWide = (): boolean => matchMedia('(width >= 1120px)').matches

/** The panel beside the messages. On a telephone it is a view of its own, left with the channel. */
export function usePeoplePanel(open: string | undefined) {
  const [isOpen, setOpen] = useState(() => isWide() && keptOnDevice.read(key) !== false)
  const [view, setView] = useState<'messages' | 'people'>('messages')
  const [channel, setChannel] = useState(open)
  if (channel !== open) {
    setChannel(open)
    setView('messages')
  }
  const toggle = () => {
    if (isTelephone()) return setView(view === 'people' ? 'messages' : 'people')
    setOpen(!isOpen)
    keptOnDevice.write(key, !isOpen)
  }
  return { isOpen, view, toggle }
}
