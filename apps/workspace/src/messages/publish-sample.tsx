import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { Icon } from '../theme/icon.tsx'
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
      {navigator.clipboard && <CopyButton text={command} />}
    </section>
  )
}

function CopyButton({ text }: { readonly text: string }) {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), 2_000)
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      // Refused by the browser: the text can still be selected by hand.
      () => undefined,
    )
  return (
    <Button
      className={styles.copy}
      variant="default"
      size="compact-md"
      onClick={copy}
      leftSection={<Icon name={isCopied ? 'check' : 'copy'} size={16} />}
    >
      {isCopied ? 'Copied' : 'Copy'}
    </Button>
  )
}
