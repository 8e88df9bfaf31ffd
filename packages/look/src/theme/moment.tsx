import { useEffect, useState } from 'react'
import { momentWords } from './moment-words.ts'

interface MomentProps {
  /** In ms since 1970. */
  readonly at: number
  readonly className?: string | undefined
}

/** A time as people say it, with the exact one at hand. */
export function Moment({ at, className }: MomentProps) {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 60_000)
    return () => clearInterval(timer)
  }, [])
  const moment = new Date(at)
  return (
    <time className={className} dir="auto" dateTime={moment.toISOString()} title={moment.toLocaleString()}>
      {momentWords(at, now)}
    </time>
  )
}
