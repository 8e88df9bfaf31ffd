import type { ParleyError } from '@parley/client'
import type { ReactNode } from 'react'
import type { MessagesSnapshot } from '../../chat/messages.ts'
import { useChatUi } from '../chat-ui.tsx'
import { Icon } from '../icons.tsx'

interface BeginningProps {
  readonly snapshot: MessagesSnapshot
  readonly isThread: boolean
  readonly onReload: () => void
  readonly onOlder: () => void
  readonly renderEmpty: (() => ReactNode) | undefined
  readonly renderBeginning: (() => ReactNode) | undefined
}

/** What stands before the first message that is held. */
export function Beginning(props: BeginningProps): ReactNode {
  const { snapshot, isThread, onReload, onOlder, renderEmpty, renderBeginning } = props
  const { texts } = useChatUi()
  const { status, error, messages, hasOlder } = snapshot
  if (status === 'failed') return <Failure error={error} onRetry={onReload} />
  if (status !== 'ready') return <Skeleton label={texts.loading} />
  if (error !== undefined) return <Failure error={error} onRetry={onOlder} />
  if (hasOlder) return <p className="parley-edge">{texts.loadingOlder}</p>
  if (isThread) return null
  if (messages.length === 0)
    return <div className="parley-empty">{renderEmpty?.() ?? <p>{texts.empty}</p>}</div>
  return <div className="parley-edge">{renderBeginning?.() ?? <p>{texts.beginning}</p>}</div>
}

interface FailureProps {
  readonly error: ParleyError | undefined
  readonly onRetry: () => void
}

function Failure({ error, onRetry }: FailureProps): ReactNode {
  const { texts } = useChatUi()
  return (
    <div className="parley-problem" role="alert">
      {texts.notLoaded} {error?.message}
      <button type="button" className="parley-button" onClick={onRetry}>
        {texts.tryAgain}
      </button>
    </div>
  )
}

const skeletonLines = [62, 84, 48, 71, 90, 55]

/** The shape of what will be there; the stylesheet shows it after a moment. */
function Skeleton({ label }: { readonly label: string }): ReactNode {
  return (
    <div className="parley-skeleton" role="status" aria-label={label}>
      {skeletonLines.map((width) => (
        <span key={width} style={{ inlineSize: `${width}%` }} />
      ))}
    </div>
  )
}

interface NewestButtonProps {
  readonly count: number
  readonly onClick: () => void
}

/** The way back to the newest message, with the number of those that came meanwhile. */
export function NewestButton({ count, onClick }: NewestButtonProps): ReactNode {
  const { texts } = useChatUi()
  return (
    <button type="button" className="parley-newest" onClick={onClick}>
      <Icon name="down" />
      {count === 0 ? texts.newest : texts.missed(count)}
    </button>
  )
}
