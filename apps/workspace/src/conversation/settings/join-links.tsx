import { ActionIcon, Button } from '@mantine/core'
import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { CopyButton, Icon, momentWords, usePages } from '@parley/look'
import type { ConversationInfo } from '@parley/react'
import { useState } from 'react'
import { hrefOf } from '../../address/place.ts'
import { useNames } from '../../presence/use-names.ts'
import { useDesk } from '../../shell/desk.ts'
import styles from './details-panel.module.css'

type Link = OutputOfCommand<BuiltIn, 'chat.links'>['links'][number]

const hoursOfLink = 72

/** Links by which anybody of the app joins: made, shown once, revoked. */
export function JoinLinks({ conversation: { channel } }: { readonly conversation: ConversationInfo }) {
  const { client, announcements } = useDesk()
  const [fresh, setFresh] = useState<string>()
  const { items, error, reload, change } = usePages<Link>(channel, async () => ({
    items: (await client.chat.links({ channel })).links,
  }))
  const create = () =>
    void announcements.about(
      client.chat.createLink({ channel, expiresInHours: hoursOfLink }).then(({ token }) => {
        setFresh(`${location.origin}/${hrefOf({ page: 'join', token })}`)
        reload()
      }),
      { failed: 'The link was not made.' },
    )
  const revoke = async ({ link }: Link) => {
    const isDone = await announcements.about(client.chat.revokeLink({ channel, link }), {
      done: 'The link is useless now.',
      failed: 'The link still works.',
    })
    if (isDone) change((links) => links.filter((other) => other.link !== link))
  }
  return (
    <section className={styles.section}>
      <h3 className={styles.caption}>Join links</h3>
      {error && <p className={styles.quiet}>The links could not be read. {error.message}</p>}
      {fresh !== undefined && (
        <div className={styles.fresh}>
          <code dir="ltr">{fresh}</code>
          <p className={styles.quiet}>It is shown this once, and works for 72 h. Who has it can join.</p>
          <CopyButton text={fresh} label="Copy link" />
        </div>
      )}
      {items.length > 0 && (
        <ul className={styles.links}>
          {items.map((link) => (
            <LinkRow key={link.link} link={link} onRevoke={() => revoke(link)} />
          ))}
        </ul>
      )}
      <Button variant="default" leftSection={<Icon name="link" size={16} />} onClick={create}>
        Make a link
      </Button>
    </section>
  )
}

function LinkRow({ link, onRevoke }: { readonly link: Link; readonly onRevoke: () => void }) {
  const nameOf = useNames()
  const { uses, maxUses, expiresAt, createdBy } = link
  const times = uses === 0 ? 'not used yet' : uses === 1 ? 'used once' : `used ${uses} times`
  const used = maxUses === undefined ? times : `used ${uses} of ${maxUses} times`
  const end = expiresAt === undefined ? 'no end' : `until ${momentWords(expiresAt, Date.now())}`
  return (
    <li className={styles.link}>
      <span className={styles.words}>
        {end}
        <span className={styles.quiet}>
          {' '}
          · {used} · by {nameOf(createdBy)}
        </span>
      </span>
      <ActionIcon
        variant="subtle"
        color="quiet"
        size={32}
        aria-label={`Revoke the link ${end}`}
        onClick={onRevoke}
      >
        <Icon name="trash" size={16} />
      </ActionIcon>
    </li>
  )
}
