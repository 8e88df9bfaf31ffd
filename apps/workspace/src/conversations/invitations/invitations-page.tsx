import { Button } from '@mantine/core'
import { Empty, Icon, Moment, Skeleton } from '@parley/look'
import { type Invitation, useConversations } from '@parley/react'
import { goTo } from '../../address/use-place.ts'
import { useNames } from '../../presence/use-names.ts'
import { useDesk } from '../../shell/desk.ts'
import { Page } from '../../shell/page/page.tsx'
import styles from './invitations-page.module.css'

/** Invitations that wait for the reader. */
export function InvitationsPage() {
  const { invitations, status } = useConversations()
  return (
    <Page title="Invitations" back={{ page: 'home' }}>
      {invitations.length === 0 && status === 'loading' && (
        <Skeleton label="Reading the invitations" shape="rows" />
      )}
      {invitations.length === 0 && status !== 'loading' && (
        <Empty text="No invitations wait for you.">
          <Button variant="default" component="a" href="#rooms">
            Browse rooms
          </Button>
        </Empty>
      )}
      <ul className={styles.list}>
        {invitations.map((invitation) => (
          <li key={invitation.channel}>
            <InvitationCard invitation={invitation} />
          </li>
        ))}
      </ul>
    </Page>
  )
}

function InvitationCard({ invitation }: { readonly invitation: Invitation }) {
  const { client, announcements } = useDesk()
  const nameOf = useNames()
  const { channel, by, at } = invitation
  const title = invitation.title === '' ? 'a group' : `“${invitation.title}”`
  const accept = async () => {
    const isDone = await announcements.about(client.chat.join({ channel }), {
      failed: `You did not join ${title}.`,
    })
    if (isDone) goTo({ page: 'conversation', channel })
  }
  const decline = () =>
    void announcements.about(client.chat.decline({ channel }), {
      done: `Invitation to ${title} declined.`,
      failed: `The invitation to ${title} still waits.`,
    })
  return (
    <article className={styles.card}>
      <Icon name="mail" />
      <p className={styles.words}>
        <strong>{nameOf(by)}</strong> invites you to <strong>{title}</strong>.{' '}
        <Moment at={at} className={styles.quiet} />
      </p>
      <div className={styles.choices}>
        <Button onClick={accept}>Join</Button>
        <Button variant="default" onClick={decline}>
          Decline
        </Button>
      </div>
    </article>
  )
}
