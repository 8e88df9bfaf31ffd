import { useClient } from '@parley/react'
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import { type Figures, FiguresStore } from './figures-store.ts'

const channel = 'operations:figures'
const FiguresContext = createContext<FiguresStore | undefined>(undefined)

/** Takes the figures of the server in while the console is open. */
export function FiguresProvider({ children }: { readonly children: ReactNode }) {
  const client = useClient()
  const [store] = useState(() => new FiguresStore())
  useEffect(() => {
    const subscription = client.subscribe(channel, {
      onEvent: ({ type, data }) => {
        if (type === 'metrics_update') store.add(data as Figures)
      },
      onError: ({ message }) => store.fail(message),
    })
    return () => subscription.unsubscribe()
  }, [client, store])
  return <FiguresContext value={store}>{children}</FiguresContext>
}

/** Nodes that figures have come from, the figures of one of them, and why there are none. */
export function useFigures(wanted: string | undefined): {
  readonly nodes: readonly string[]
  readonly node: string | undefined
  readonly figures: readonly Figures[]
  readonly problem: string | undefined
} {
  const store = useContext(FiguresContext)
  if (store === undefined) throw new Error('There is no FiguresProvider above this component.')
  const nodes = useSyncExternalStore(store.watch, store.nodes)
  const node = wanted !== undefined && nodes.includes(wanted) ? wanted : nodes[0]
  const figures = useSyncExternalStore(store.watch, () => store.of(node))
  const problem = useSyncExternalStore(store.watch, store.problem)
  return { nodes, node, figures, problem }
}
