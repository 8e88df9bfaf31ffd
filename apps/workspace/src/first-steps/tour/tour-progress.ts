import type { Kept } from '@parley/look'

const key = 'parley.tour'
const started = 'parley:tour'

/** Whether this person has seen the tour on this device, or has skipped it. */
export function hasSeenTour(device: Kept): boolean {
  return device.read(key) === 'seen'
}

export function endTour(device: Kept): void {
  device.write(key, 'seen')
}

/** Shows the tour from its beginning. */
export function startTour(device: Kept): void {
  device.remove(key)
  dispatchEvent(new Event(started))
}

/** Calls back when the tour is asked for; returns the function that ends it. */
export function onTourStarted(listener: () => void): () => void {
  addEventListener(started, listener)
  return () => removeEventListener(started, listener)
}
