import type { ReactNode } from 'react'
import { Avatar } from '../avatar.tsx'
import { useChatUi } from '../chat-ui.tsx'
import type { Completion } from './use-completion.ts'

/** What can be taken; the field keeps the focus. */
export function Suggestions({ completion }: { readonly completion: Completion }): ReactNode {
  const { id, suggestions, selected, select, take } = completion
  const { texts } = useChatUi()
  const count = suggestions.length
  return (
    <>
      <div className="parley-hidden" role="status">
        {count > 0 && texts.suggestions(count)}
      </div>
      {count > 0 && (
        <div className="parley-suggestions" role="listbox" id={id} aria-label={texts.suggestions(count)}>
          {suggestions.map((suggestion, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field, which keeps the focus.
            // biome-ignore lint/a11y/useFocusableInteractive: the field names the option that is active.
            <div
              key={suggestion.key}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === selected}
              // A press would take the focus from the field.
              onPointerDown={(event) => event.preventDefault()}
              onPointerEnter={() => select(index)}
              onClick={() => take(suggestion)}
            >
              {suggestion.user !== undefined && <Avatar user={suggestion.user} size={20} />}
              <bdi>{suggestion.label}</bdi>
              {suggestion.detail !== undefined && <span className="parley-detail">{suggestion.detail}</span>}
            </div>
          ))}
        </div>
      )}
    </>
  )
}
