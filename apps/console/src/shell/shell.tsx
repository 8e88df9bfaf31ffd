import { ActionIcon, Button, Menu, useMantineColorScheme } from '@mantine/core'
import { Icon, Mark } from '@parley/look'
import { Link, Outlet } from '@tanstack/react-router'
import { useState } from 'react'
import { ConnectionNotice } from './connection-notice.tsx'
import { NotAnOperator } from './not-an-operator.tsx'
import { places } from './places.ts'
import styles from './shell.module.css'
import { useOperator } from './signed-in.tsx'

/** Navigation at the side, in a narrow window behind a button; the page beside it. */
export function Shell() {
  const [isOpen, setOpen] = useState(false)
  return (
    <div className={styles.shell}>
      <header className={styles.bar}>
        <ActionIcon
          variant="subtle"
          color="quiet"
          size={40}
          aria-label="Navigation"
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? 'close' : 'menu'} />
        </ActionIcon>
        <span className={styles.barTitle}>Console</span>
      </header>
      <nav id="navigation" className={styles.navigation} data-open={isOpen} aria-label="Pages">
        <div className={styles.brand}>
          <Mark size={24} />
          <span>Console</span>
        </div>
        <div className={styles.groups}>
          {places.map(({ group, pages }) => (
            <div key={group}>
              <h2 className={styles.group}>{group}</h2>
              <ul>
                {pages.map(({ to, label, icon }) => (
                  <li key={to}>
                    <Link
                      to={to}
                      onClick={() => setOpen(false)}
                      className={styles.link}
                      activeOptions={{ exact: true, includeSearch: false }}
                    >
                      <Icon name={icon} size={18} />
                      {label}
                    </Link>
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </div>
        <Who />
      </nav>
      <div className={styles.side}>
        <ConnectionNotice />
        <main className={styles.main}>
          <NotAnOperator>
            <Outlet />
          </NotAnOperator>
        </main>
      </div>
    </div>
  )
}

const schemes = [
  { value: 'auto', label: 'As the system', icon: 'system' },
  { value: 'light', label: 'Light', icon: 'light' },
  { value: 'dark', label: 'Dark', icon: 'dark' },
] as const

/** Who is signed in, how the console looks, and the way out. */
function Who() {
  const { session, signOut } = useOperator()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Menu position="top-start" width={220}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="quiet"
          className={styles.who}
          justify="flex-start"
          leftSection={<Icon name="you" size={18} />}
        >
          {session.name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Appearance</Menu.Label>
        {schemes.map(({ value, label, icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon name={icon} size={16} />}
            rightSection={value === colorScheme ? <Icon name="check" size={16} label="chosen" /> : null}
            onClick={() => setColorScheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component="a" href="/docs/api" leftSection={<Icon name="reference" size={16} />}>
          API reference
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="leave" size={16} />} onClick={() => signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
