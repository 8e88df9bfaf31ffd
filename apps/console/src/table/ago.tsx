import { useEffect, useState } from 'react'
import { agoWords } from '../data/words.ts'

/** How long ago something was; the exact time on hover. */
export function Ago({ at }: { readonly at: number }) {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 5_000)
    return () => clearInterval(timer)
  }, [])
  const moment = new Date(at)
  return (
    <time
      dateTime={moment.toISOString()}
      title={moment.toLocaleString([], { dateStyle: 'medium', timeStyle: 'long' })}
    >
      {agoWords(at, Math.max(now, Date.now() - 5_000))}
    </time>
  )
}
