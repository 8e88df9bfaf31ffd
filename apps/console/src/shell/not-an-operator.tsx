import { Button } from '@mantine/core'
import { Failure } from '@parley/look'
import type { ReactNode } from 'react'
import { useAnswer } from '../data/use-answer.ts'
import { useOperator } from './signed-in.tsx'

/** Says at once, instead of on every page, that somebody is signed in who may see nothing here. */
export function NotAnOperator({ children }: { readonly children: ReactNode }) {
  const { error } = useAnswer('operations.nodes', {})
  const { signOut } = useOperator()
  if (error?.code !== 'forbidden') return children
  return (
    <Failure title="This is for operators" message={error.message}>
      <Button onClick={() => signOut()}>Sign in as somebody else</Button>
    </Failure>
  )
}
