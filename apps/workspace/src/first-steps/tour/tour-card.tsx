import { Button } from '@mantine/core'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { SampleButtons } from './sample-buttons.tsx'
import { steps } from './steps.ts'
import styles from './tour-card.module.css'
import { usePlaceOf } from './use-place-of.ts'

/** One step after the other beside what it is about. It blocks nothing: who wants to work works. */
export function TourCard({ onEnd }: { readonly onEnd: () => void }) {
  const [at, setAt] = useState(0)
  const step = steps[at]
  const place = usePlaceOf(step?.target)
  const title = useId()
  const next = useRef<HTMLButtonElement>(null)
  const isLast = at === steps.length - 1
  const go = (by: 1 | -1) => (isLast && by > 0 ? onEnd() : setAt(Math.max(0, at + by)))

  // biome-ignore lint/correctness/useExhaustiveDependencies: with every step the focus goes to its button.
  useEffect(() => {
    const { activeElement } = document
    // Nobody is torn from what they have begun to write.
    const isWriting =
      activeElement?.matches('input, textarea') && (activeElement as HTMLInputElement).value !== ''
    if (!isWriting) next.current?.focus()
  }, [at])

  if (step === undefined) return null
  const pressed = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onEnd()
    else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
      const isForward = (event.key === 'ArrowRight') === (document.dir !== 'rtl')
      go(isForward ? 1 : -1)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <>
      {place && <div className={styles.ring} style={place.ring} aria-hidden="true" />}
      <div
        className={styles.card}
        style={place?.card}
        role="dialog"
        aria-modal="false"
        aria-labelledby={title}
        onKeyDown={pressed}
      >
        <p className={styles.count}>
          {at + 1} of {steps.length}
        </p>
        <h2 id={title} className={styles.title}>
          {step.title}
        </h2>
        <p className={styles.text}>{step.text}</p>
        {isLast && <SampleButtons />}
        <div className={styles.buttons}>
          <Button variant="subtle" color="quiet" size="compact-md" onClick={onEnd}>
            {isLast ? 'Close' : 'Skip'}
          </Button>
          <span className={styles.space} />
          {at > 0 && (
            <Button variant="default" size="compact-md" onClick={() => go(-1)}>
              Back
            </Button>
          )}
          <Button ref={next} size="compact-md" onClick={() => go(1)}>
            {isLast ? 'Done' : 'Next'}
          </Button>
        </div>
      </div>
    </>
  )
}
