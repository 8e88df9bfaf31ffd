import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

/** What a page shows, as its address says: filters, and what is selected. */
export type Parameters = Readonly<Record<string, string | undefined>>

/** Takes texts alone; what else stands in an address is nobody's. */
export function readParameters(search: Readonly<Record<string, unknown>>): Parameters {
  return Object.fromEntries(
    Object.entries(search).flatMap(([name, value]) =>
      typeof value === 'string' && value !== ''
        ? [[name, value]]
        : typeof value === 'number' || typeof value === 'boolean'
          ? [[name, String(value)]]
          : [],
    ),
  )
}

/** The parameters of the page, and a function that changes some of them; empty ones leave the address. */
export function useParameters(): readonly [Parameters, (change: Parameters) => void] {
  const search = useSearch({ strict: false }) as Readonly<Record<string, unknown>>
  const navigate = useNavigate()
  const change = useCallback(
    (some: Parameters) => {
      void navigate({
        to: '.',
        replace: true,
        search: ((before: Readonly<Record<string, unknown>>) =>
          readParameters({ ...before, ...some })) as never,
      })
    },
    [navigate],
  )
  return [readParameters(search), change]
}
