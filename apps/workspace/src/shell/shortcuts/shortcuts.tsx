import { useEffect, useRef } from 'react'
import { useDesk } from '../desk.ts'
import { isSingle, keyReader, spellingOf } from './keys.ts'
import { singleKeysOn } from './single-keys.ts'
import { useCommands } from './use-commands.ts'

/** Menus and dialogs; the tour covers nothing. */
const overlays = '[role="menu"], [role="dialog"]:not([aria-modal="false"])'

/** Listens to the keys of the workspace. */
export function Shortcuts() {
  const { device } = useDesk()
  const commands = useCommands()
  const latest = useRef(commands)
  latest.current = commands

  useEffect(() => {
    const read = keyReader()
    let isCovered = false
    // Before anybody acts on the key: what it closes is gone afterwards.
    const look = () => {
      isCovered = document.querySelector(overlays) !== null
    }
    const pressed = (event: KeyboardEvent) => {
      const spelling = spellingOf(event)
      // What lies over the page has the keyboard for itself, but for the keys by which the palette is opened.
      if ((isCovered && spelling !== 'Mod+k') || isTaken(event, spelling)) return
      const isLeft = isSingle({ keys: spelling }) && !singleKeysOn(device)
      const answer = isLeft ? undefined : read(spelling, event.timeStamp)
      if (answer === undefined) return
      event.preventDefault()
      if (answer !== 'begun') latest.current[answer]()
    }
    addEventListener('keydown', look, { capture: true })
    addEventListener('keydown', pressed)
    return () => {
      removeEventListener('keydown', look, { capture: true })
      removeEventListener('keydown', pressed)
    }
  }, [device])
  return null
}

/** Keys that belong to somebody else. */
function isTaken(event: KeyboardEvent, spelling: string): boolean {
  if (event.defaultPrevented || event.isComposing || event.repeat) return true
  return isTyping(event.target) && isSingle({ keys: spelling })
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.matches('input, textarea, select')
}
