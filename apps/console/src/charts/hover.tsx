import { createContext, type ReactNode, useContext, useState, useSyncExternalStore } from 'react'

/** The moment that somebody points at, in any of the charts: all of them tell what was then. */
export class Hover {
  readonly #listeners = new Set<() => void>()
  #at: number | undefined

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** In ms since 1970; undefined while nobody points. */
  readonly at = (): number | undefined => this.#at

  set(at: number | undefined): void {
    if (at === this.#at) return
    this.#at = at
    for (const listener of [...this.#listeners]) listener()
  }
}

const HoverContext = createContext<Hover | undefined>(undefined)

/** Charts below share one hover. */
export function SharedHover({ children }: { readonly children: ReactNode }) {
  const [hover] = useState(() => new Hover())
  return <HoverContext value={hover}>{children}</HoverContext>
}

export function useHover(): { readonly hover: Hover; readonly at: number | undefined } {
  const hover = useContext(HoverContext)
  if (hover === undefined) throw new Error('There is no SharedHover above this component.')
  return { hover, at: useSyncExternalStore(hover.watch, hover.at) }
}
