import { Scrollable } from '@parley/look'
import styles from './page.module.css'

/** A value as indented JSON. */
export function Json({ value, label }: { readonly value: unknown; readonly label: string }) {
  return (
    <Scrollable className={styles.json} role="group" aria-label={label}>
      <pre>{JSON.stringify(value, undefined, 2)}</pre>
    </Scrollable>
  )
}
