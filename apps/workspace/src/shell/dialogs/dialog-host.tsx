import { lazy, Suspense, useEffect, useSyncExternalStore } from 'react'
import { useDesk } from '../desk.ts'
import type { Dialog } from './dialogs.ts'

// Each is loaded when it is first asked for.
const loadPalette = () => import('../palette/palette.tsx')
const Palette = lazy(async () => ({ default: (await loadPalette()).Palette }))
const Shortcuts = lazy(async () => ({
  default: (await import('../shortcuts/shortcut-sheet.tsx')).ShortcutSheet,
}))
const Status = lazy(async () => ({ default: (await import('../../account/status-dialog.tsx')).StatusDialog }))
const NewConversation = lazy(async () => ({
  default: (await import('../../conversations/new/new-conversation.tsx')).NewConversation,
}))
const Invite = lazy(async () => ({
  default: (await import('../../conversation/members/invite-dialog.tsx')).InviteDialog,
}))
const Settings = lazy(async () => ({
  default: (await import('../../conversation/settings/settings-dialog.tsx')).SettingsDialog,
}))
const Schedule = lazy(async () => ({
  default: (await import('../../collections/drafts/schedule-dialog.tsx')).ScheduleDialog,
}))
const Ask = lazy(async () => ({ default: (await import('./question-dialog.tsx')).QuestionDialog }))

const idleMs = 2_000

/** Shows the dialog that is open. */
export function DialogHost() {
  const { dialogs } = useDesk()
  const open = useSyncExternalStore(dialogs.watch, dialogs.open)
  useEffect(() => {
    // Whoever opens the palette types at once: it has to be there already.
    const timer = setTimeout(() => void loadPalette(), idleMs)
    return () => clearTimeout(timer)
  }, [])
  return <Suspense>{open !== undefined && show(open, dialogs.close)}</Suspense>
}

function show(dialog: Dialog, onClose: () => void) {
  switch (dialog.kind) {
    case 'palette':
      return <Palette onClose={onClose} />
    case 'shortcuts':
      return <Shortcuts onClose={onClose} />
    case 'status':
      return <Status onClose={onClose} />
    case 'new-conversation':
      return <NewConversation type={dialog.type ?? 'room'} people={dialog.people ?? []} onClose={onClose} />
    case 'invite':
      return <Invite conversation={dialog.conversation} onClose={onClose} />
    case 'settings':
      return <Settings conversation={dialog.conversation} onClose={onClose} />
    case 'schedule':
      return <Schedule scheduling={dialog.scheduling} onClose={onClose} />
    case 'question':
      return <Ask question={dialog.question} onClose={onClose} />
  }
}
