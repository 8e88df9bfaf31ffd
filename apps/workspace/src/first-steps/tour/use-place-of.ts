import { type CSSProperties, useLayoutEffect, useState } from 'react'

interface PlaceOf {
  readonly ring: CSSProperties
  readonly card: CSSProperties
}

const cardWidth = 320
const cardHeight = 240
const gap = 12

/** Where a part of the page is, and where there is room beside it; undefined where it is not in sight. */
export function usePlaceOf(target: string | undefined): PlaceOf | undefined {
  const [place, setPlace] = useState<PlaceOf>()
  useLayoutEffect(() => {
    const measure = () => setPlace(placeOf(target))
    measure()
    addEventListener('resize', measure)
    return () => removeEventListener('resize', measure)
  }, [target])
  return place
}

function placeOf(target: string | undefined): PlaceOf | undefined {
  const element = document.querySelector(`[data-tour="${target}"]`)
  // A telephone has no room beside anything: the card stands at its foot.
  if (!element?.checkVisibility() || innerWidth < 720) return undefined
  const box = element.getBoundingClientRect()
  const ring = { left: box.left, top: box.top, width: box.width, height: box.height }
  const isFull = box.width > innerWidth - cardWidth - 2 * gap - box.left && box.left > cardWidth
  const beside = box.right + gap + cardWidth <= innerWidth ? box.right + gap : box.left - gap - cardWidth
  const left = isFull || beside < 0 ? Math.max(gap, innerWidth - cardWidth - 2 * gap) : beside
  const top = Math.min(Math.max(gap, box.top), Math.max(gap, innerHeight - cardHeight - 2 * gap))
  return { ring, card: { left, top } }
}
