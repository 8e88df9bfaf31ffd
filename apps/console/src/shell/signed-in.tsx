import type { Session } from '@parley/look'
import { createContext, type ReactNode, useContext, useMemo } from 'react'
import { FiguresProvider } from '../charts/use-figures.tsx'

interface Operator {
  readonly session: Session
  /** Back to signing in; the reason is told there. */
  readonly signOut: (reason?: string) => void
}

const OperatorContext = createContext<Operator | undefined>(undefined)

/** Who looks after the server here. */
export function useOperator(): Operator {
  const operator = useContext(OperatorContext)
  if (operator === undefined) throw new Error('Nobody is signed in above this component.')
  return operator
}

interface SignedInProps {
  readonly session: Session
  readonly onSignOut: (reason?: string) => void
  readonly children: ReactNode
}

/** What all pages have: the operator, and the figures that come in. */
export function SignedIn({ session, onSignOut, children }: SignedInProps) {
  const operator = useMemo(() => ({ session, signOut: onSignOut }), [session, onSignOut])
  return (
    <OperatorContext value={operator}>
      <FiguresProvider>{children}</FiguresProvider>
    </OperatorContext>
  )
}
