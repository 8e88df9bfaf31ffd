import { type ReactNode, useEffect, useState } from 'react'
import { useChatUi } from './chat-ui.tsx'

/** The time of day of a moment; the whole of it when pointed at. */
export function Time({ at }: { readonly at: number }): ReactNode {
  const { locale } = useChatUi()
  const moment = new Date(at)
  const whole = moment.toLocaleString(locale, { dateStyle: 'full', timeStyle: 'medium' })
  return (
    <time className="parley-time" dateTime={moment.toISOString()} title={whole}>
      {moment.toLocaleTimeString(locale, { timeStyle: 'short' })}
    </time>
  )
}

/** The day of a moment, as people say it. */
export function Day({ at }: { readonly at: number }): ReactNode {
  const { locale, texts } = useChatUi()
  const today = useToday()
  const day = new Date(at).setHours(0, 0, 0, 0)
  if (day === today) return texts.today
  if (day === new Date(today).setDate(new Date(today).getDate() - 1)) return texts.yesterday
  const isThisYear = new Date(at).getFullYear() === new Date(today).getFullYear()
  const year = isThisYear ? {} : ({ year: 'numeric' } as const)
  return new Date(at).toLocaleDateString(locale, { weekday: 'long', day: 'numeric', month: 'long', ...year })
}

/** The beginning of this day; changes at midnight. */
function useToday(): number {
  const [today, setToday] = useState(() => new Date().setHours(0, 0, 0, 0))
  useEffect(() => {
    const midnight = new Date(today).setHours(24, 0, 0, 0)
    const timer = setTimeout(
      () => setToday(new Date().setHours(0, 0, 0, 0)),
      Math.max(1_000, midnight - Date.now()),
    )
    return () => clearTimeout(timer)
  }, [today])
  return today
}
