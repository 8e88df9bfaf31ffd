import { ActionIcon, Button, Modal } from '@mantine/core'
import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { Empty, Icon, momentWords, PagedList, usePages } from '@parley/look'
import { usePresence } from '@parley/react'
import { useMemo, useState } from 'react'
import { Avatar, wordsOf } from '../presence/avatar.tsx'
import { useNames } from '../presence/use-names.ts'
import { useDesk } from '../shell/desk.ts'
import { Page } from '../shell/page/page.tsx'
import styles from './people-page.module.css'
import { PeoplePicker } from './people-picker.tsx'
import { useDirect } from './use-direct.ts'

type Contact = OutputOfCommand<BuiltIn, 'presence.contacts'>['contacts'][number]

/** The contacts of the reader, with how reachable they are. */
export function PeoplePage() {
  const { client, announcements } = useDesk()
  const [isAdding, setAdding] = useState(false)
  const pages = usePages<Contact>('contacts', async (after) => {
    const { contacts, next } = await client.presence.contacts({ ...(after === undefined ? {} : { after }) })
    return { items: contacts, next }
  })
  const { items, change, reload } = pages
  const presence = usePresence(useMemo(() => items.map(({ user }) => user), [items]))
  const startAdding = () => setAdding(true)

  const remove = async (user: string) => {
    const isDone = await announcements.about(client.presence.removeContacts({ contacts: [user] }), {
      failed: 'The contact was not removed.',
    })
    if (isDone) change((contacts) => contacts.filter((other) => other.user !== user))
  }

  return (
    <Page
      title="People"
      back={{ page: 'you' }}
      action={
        <Button leftSection={<Icon name="plus" size={16} />} onClick={startAdding}>
          Add contacts
        </Button>
      }
    >
      <PagedList
        pages={pages}
        label="Contacts"
        shape="rows"
        keyOf={({ user }) => user}
        empty={
          <Empty text="You have no contacts yet. Add people to see whether they can be reached.">
            <Button variant="default" onClick={startAdding}>
              Add contacts
            </Button>
          </Empty>
        }
      >
        {(contact) => (
          <PersonRow
            contact={{ ...contact, ...presence.of(contact.user) }}
            onRemove={() => remove(contact.user)}
          />
        )}
      </PagedList>
      {isAdding && <AddContacts contacts={items} onAdded={reload} onClose={() => setAdding(false)} />}
    </Page>
  )
}

interface PersonRowProps {
  readonly contact: Pick<Contact, 'user' | 'availability'> & {
    readonly status?: { readonly emoji?: string | undefined; readonly text?: string | undefined } | undefined
    readonly lastSeen?: number | undefined
  }
  readonly onRemove: () => void
}

function PersonRow({ contact, onRemove }: PersonRowProps) {
  const nameOf = useNames()
  const openDirect = useDirect()
  const { user, availability, status, lastSeen } = contact
  const name = nameOf(user)
  const seen =
    availability === 'offline' && lastSeen !== undefined ? `here ${momentWords(lastSeen, Date.now())}` : ''
  const said = [status?.emoji, status?.text].filter((part) => part !== undefined && part !== '').join(' ')
  return (
    <div className={styles.person}>
      <Avatar id={user} name={name} size={40} presence={availability} />
      <div className={styles.words}>
        <bdi className={styles.name}>{name}</bdi>
        <p className={styles.facts}>
          {[wordsOf(availability), seen, said].filter((part) => part !== '').join(' · ')}
        </p>
      </div>
      <Button variant="default" aria-label={`Write to ${name}`} onClick={() => openDirect(user)}>
        Write
      </Button>
      <ActionIcon
        variant="subtle"
        color="quiet"
        size={36}
        aria-label={`Remove ${name} from the contacts`}
        onClick={onRemove}
      >
        <Icon name="close" size={16} />
      </ActionIcon>
    </div>
  )
}

interface AddContactsProps {
  readonly contacts: readonly Contact[]
  readonly onAdded: () => void
  readonly onClose: () => void
}

function AddContacts({ contacts, onAdded, onClose }: AddContactsProps) {
  const { client } = useDesk()
  const [chosen, setChosen] = useState<readonly string[]>([])
  const [problem, setProblem] = useState<string>()
  const add = async () => {
    if (chosen.length === 0) return setProblem('Choose at least one person.')
    try {
      await client.presence.addContacts({ contacts: [...chosen] })
      onAdded()
      onClose()
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  return (
    <Modal opened onClose={onClose} title="Add contacts" size={420}>
      <div className={styles.form}>
        <PeoplePicker
          label="People"
          chosen={chosen}
          onChange={setChosen}
          without={contacts.map(({ user }) => user)}
          most={100}
          error={problem}
          isFirst
        />
        <Button fullWidth onClick={add}>
          Add
        </Button>
      </div>
    </Modal>
  )
}
