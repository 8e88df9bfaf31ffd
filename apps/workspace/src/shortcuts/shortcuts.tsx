import { useEffect, useRef } from 'react'
import type { Dialogs } from '../dialogs/dialogs.ts'
import { useDesk } from '../shell/desk.ts'
import { isSingle, keyReader, spellingOf } from './keys.ts'
import { singleKeysOn } from './single-keys.ts'
import { useCommands } from './use-commands.ts'

/** Listens to the keys of the workspace. */
export function Shortcuts() {
  const { device, dialogs } = useDesk()
  const commands = useCommands()
  const latest = useRef(commands)
  latest.current = commands

  useEffect(() => {
    const read = keyReader()
    const pressed = (event: KeyboardEvent) => {
      const spelling = spellingOf(event)
      if (isTaken(event, dialogs, spelling)) return
      const isLeft = isSingle({ keys: spelling }) && !singleKeysOn(device)
      const answer = isLeft ? undefined : read(spelling, event.timeStamp)
      if (answer === undefined) return
      event.preventDefault()
      if (answer !== 'begun') latest.current[answer]()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [device, dialogs])
  return null
}

/** Keys that belong to somebody else: a dialog, a menu, a field. */
function isTaken(event: KeyboardEvent, dialogs: Dialogs, spelling: string): boolean {
  if (event.defaultPrevented || event.isComposing || event.repeat) return true
  // A dialog has the keyboard for itself, but for the keys by which the palette is opened.
  if (dialogs.open() !== undefined && spelling !== 'Mod+k') return true
  if (document.querySelector('[role="menu"]') !== null) return true
  return isTyping(event.target) && isSingle({ keys: spelling })
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.matches('input, textarea, select')
}
