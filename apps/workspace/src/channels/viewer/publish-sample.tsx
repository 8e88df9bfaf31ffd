import { CopyButton } from '@parley/look'
import styles from './conversation-panel.module.css'

/** The command that publishes to a channel from a terminal. */
export function PublishSample({ channel }: { readonly channel: string }) {
  const command = `curl -X POST ${location.origin}/api/channels/${encodeURI(channel)}/events \\
  -H "X-API-Key: $PARLEY_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"data":{"text":"Hello"}}'`
  return (
    <section className={styles.section}>
      <h3 className={styles.caption}>Publish from a back end</h3>
      <p className={styles.quiet}>
        With an app key, <code>id:secret</code>. A development server prints its own when it starts.
      </p>
      <pre className={styles.sample} dir="ltr">
        {command}
      </pre>
      <CopyButton text={command} />
    </section>
  )
}
