import { lazy, Suspense, useEffect, useState } from 'react'
import { useDesk } from '../../shell/desk.ts'
import { endTour, hasSeenTour, onTourStarted } from './tour-progress.ts'

const TourCard = lazy(async () => ({ default: (await import('./tour-card.tsx')).TourCard }))

/** The tour, once for everybody, and again when it is asked for. */
export function Tour() {
  const { device } = useDesk()
  const [isOn, setOn] = useState(() => !hasSeenTour(device))
  useEffect(() => onTourStarted(() => setOn(true)), [])
  const end = () => {
    endTour(device)
    setOn(false)
  }
  return <Suspense>{isOn && <TourCard onEnd={end} />}</Suspense>
}
