import styles from './skeleton.module.css'

interface SkeletonProps {
  /** What is being loaded, for those who do not see the shapes. */
  readonly label: string
  /** A message with its author, a row of a list, a line of a list. */
  readonly shape: 'messages' | 'rows' | 'lines'
}

const widths = [62, 40, 78, 54, 70, 33]

/** The shape of what is on its way. It appears after 200 ms: what is faster needs none. */
export function Skeleton({ label, shape }: SkeletonProps) {
  return (
    <div className={styles.skeleton} data-shape={shape} role="status">
      <span className={styles.label}>{label}</span>
      {widths.map((width) => (
        <div key={width} className={styles.row} aria-hidden="true">
          {shape !== 'lines' && <span className={styles.disc} />}
          <span className={styles.lines}>
            {shape === 'messages' && <span className={styles.line} style={{ inlineSize: '120px' }} />}
            <span className={styles.line} style={{ inlineSize: `${width}%` }} />
          </span>
        </div>
      ))}
    </div>
  )
}
