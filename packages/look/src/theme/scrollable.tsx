import type { ComponentProps } from 'react'

/** A part of the page that scrolls by itself, and is reached by keyboard to do so. Give it a role and a label. */
export function Scrollable(props: ComponentProps<'div'>) {
  // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll what has the focus.
  return <div tabIndex={0} {...props} />
}
