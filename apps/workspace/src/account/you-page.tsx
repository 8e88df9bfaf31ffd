import { Icon, type IconName } from '@parley/look'
import { useDesk } from '../shell/desk.ts'
import { Page } from '../shell/page/page.tsx'
import { Account } from './account.tsx'
import styles from './you-page.module.css'

const ways: readonly { readonly href: string; readonly label: string; readonly icon: IconName }[] = [
  { href: '#drafts', label: 'Drafts', icon: 'draft' },
  { href: '#scheduled', label: 'Scheduled', icon: 'clock' },
  { href: '#people', label: 'People', icon: 'people' },
  { href: '#channels', label: 'Channels, for developers', icon: 'reference' },
]

/** The account as a page, and the pages for which the bar of a telephone has no room. */
export function YouPage({ onSignOut }: { readonly onSignOut: () => void }) {
  const { me } = useDesk()
  return (
    <Page title="You">
      {me !== undefined && (
        <nav className={styles.ways} aria-label="More pages">
          {ways.map(({ href, label, icon }) => (
            <a key={href} className={styles.way} href={href}>
              <Icon name={icon} />
              {label}
            </a>
          ))}
        </nav>
      )}
      <Account onSignOut={onSignOut} />
    </Page>
  )
}
