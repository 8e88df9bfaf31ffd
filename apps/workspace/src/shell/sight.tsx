import { Skeleton } from '@parley/look'
import { lazy, Suspense } from 'react'
import type { Place } from '../address/place.ts'
import { ConversationPages } from '../conversation/page/conversation-pages.tsx'
import { Welcome } from '../first-steps/welcome/welcome.tsx'

// What most people see first comes with the application; the other pages when they are opened.
const Threads = lazy(async () => ({
  default: (await import('../collections/threads/threads-page.tsx')).ThreadsPage,
}))
const Mentions = lazy(async () => ({
  default: (await import('../collections/mentions/mentions-page.tsx')).MentionsPage,
}))
const Drafts = lazy(async () => ({
  default: (await import('../collections/drafts/drafts-page.tsx')).DraftsPage,
}))
const Scheduled = lazy(async () => ({
  default: (await import('../collections/drafts/scheduled-page.tsx')).ScheduledPage,
}))
const People = lazy(async () => ({ default: (await import('../people/people-page.tsx')).PeoplePage }))
const Rooms = lazy(async () => ({
  default: (await import('../conversations/rooms/rooms-page.tsx')).RoomsPage,
}))
const Invitations = lazy(async () => ({
  default: (await import('../conversations/invitations/invitations-page.tsx')).InvitationsPage,
}))
const You = lazy(async () => ({ default: (await import('../account/you-page.tsx')).YouPage }))
const Search = lazy(async () => ({
  default: (await import('../collections/search/search-page.tsx')).SearchPage,
}))
const Join = lazy(async () => ({
  default: (await import('../conversations/joining/join-page.tsx')).JoinPage,
}))
const Channels = lazy(async () => ({ default: (await import('../channels/channels-page.tsx')).ChannelsPage }))

/** What fills the content at a place. */
export function Sight({ place, onSignOut }: { readonly place: Place; readonly onSignOut: () => void }) {
  const open = place.page === 'conversation' ? place : undefined
  return (
    <>
      {/* Always there, so that what was open stays at hand. */}
      <ConversationPages open={open} />
      <Suspense fallback={<Skeleton label="Opening the page" shape="messages" />}>
        <OtherPage place={place} onSignOut={onSignOut} />
      </Suspense>
    </>
  )
}

function OtherPage({ place, onSignOut }: { readonly place: Place; readonly onSignOut: () => void }) {
  switch (place.page) {
    case 'conversation':
      return null
    case 'home':
      return <Welcome />
    case 'threads':
      return <Threads />
    case 'mentions':
      return <Mentions />
    case 'drafts':
      return <Drafts />
    case 'scheduled':
      return <Scheduled />
    case 'people':
      return <People />
    case 'rooms':
      return <Rooms />
    case 'invitations':
      return <Invitations />
    case 'you':
      return <You onSignOut={onSignOut} />
    case 'search':
      return <Search query={place.query} />
    case 'join':
      return <Join token={place.token} />
    case 'channels':
      return <Channels channel={place.channel} />
  }
}
