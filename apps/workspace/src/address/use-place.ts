import { useMemo, useSyncExternalStore } from 'react'
import { hrefOf, type Place, placeIn } from './place.ts'

/** Where the address of the page says that its reader is; the same object until it changes. */
export function usePlace(): Place {
  const hash = useSyncExternalStore(watchAddress, () => location.hash)
  return useMemo(() => placeIn(hash), [hash])
}

/** Goes to a place, with an entry in the history of the browser. */
export function goTo(place: Place): void {
  const href = hrefOf(place)
  if (href !== location.hash) location.hash = href
}

/** Goes to a place without a way back to the one before. */
export function replaceWith(place: Place): void {
  const href = hrefOf(place)
  history.replaceState(null, '', `/${href}`)
  dispatchEvent(new HashChangeEvent('hashchange'))
}

/** `/join/<token>`, as links may be written, becomes `#join/<token>`: what follows `#` is sent to no server. */
export function takeJoinPath(): void {
  const token = /^\/join\/([^/]+)\/?$/.exec(location.pathname)?.[1]
  if (token !== undefined) history.replaceState(null, '', `/${hrefOf({ page: 'join', token })}`)
}

function watchAddress(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}
