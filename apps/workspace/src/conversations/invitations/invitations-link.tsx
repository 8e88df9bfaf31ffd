import { Icon } from '@parley/look'
import { useConversations } from '@parley/react'
import styles from './invitations-link.module.css'

/** The way to the invitations, while there are some. */
export function InvitationsLink() {
  const { invitations } = useConversations()
  const count = invitations.length
  if (count === 0) return null
  return (
    <a className={styles.link} href="#invitations" data-row>
      <Icon name="mail" size={16} />
      {count === 1 ? '1 invitation' : `${count} invitations`}
    </a>
  )
}
