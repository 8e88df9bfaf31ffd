'use client'

import { useCallback, useMemo, useRef, useSyncExternalStore } from 'react'
import type { Watchable } from './watchers.ts'

interface Slice<Snapshot> {
  view: Watchable<Snapshot> | undefined
  /** What the component has been given; fields that it has not read may be replaced in it. */
  given: Snapshot
  /** Fields that the component has read at some time. */
  readonly read: Set<keyof Snapshot>
}

/**
 * The snapshot of a view, for a component: it renders again when a field has changed that it has read, and not for
 * others.
 *
 * @param empty what there is without a view, and on a server; always the same object
 */
export function useSlice<Snapshot extends object>(
  view: Watchable<Snapshot> | undefined,
  empty: Snapshot,
): Snapshot {
  const slice = useRef<Slice<Snapshot>>(undefined)
  slice.current ??= { view: undefined, given: empty, read: new Set() }
  const { current } = slice
  const watch = useCallback((listener: () => void) => view?.watch(listener) ?? (() => undefined), [view])
  const given = useSyncExternalStore(
    watch,
    () => latest(current, view, empty),
    () => empty,
  )
  return useMemo(() => recording(given, current), [given, current])
}

/** The snapshot that the component is to see: the one that it has unless something differs that it reads. */
function latest<Snapshot extends object>(
  slice: Slice<Snapshot>,
  view: Watchable<Snapshot> | undefined,
  empty: Snapshot,
): Snapshot {
  const now = view?.snapshot ?? empty
  const isNews = slice.view !== view || [...slice.read].some((field) => slice.given[field] !== now[field])
  slice.view = view
  if (isNews) slice.given = { ...now }
  // What it does not read is renewed in place: whoever reads it later must not find something old.
  else if (slice.given !== empty) Object.assign(slice.given, now)
  return slice.given
}

/** The same snapshot, noting what is read of it. */
function recording<Snapshot extends object>(snapshot: Snapshot, slice: Slice<Snapshot>): Snapshot {
  const seen = {}
  for (const field of Object.keys(snapshot) as (keyof Snapshot)[])
    Object.defineProperty(seen, field, {
      enumerable: true,
      get: () => {
        slice.read.add(field)
        return snapshot[field]
      },
    })
  return seen as Snapshot
}

/** A slice with functions beside it; its fields are not read by this. */
export function withActions<Snapshot extends object, Actions extends object>(
  slice: Snapshot,
  actions: Actions,
): Snapshot & Actions {
  return Object.defineProperties({ ...actions }, Object.getOwnPropertyDescriptors(slice)) as Snapshot &
    Actions
}
