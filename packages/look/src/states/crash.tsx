import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { Failure } from './failure.tsx'

/** Shows a defect of the page as what it is, instead of an empty page. */
export class Crash extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override readonly state: { readonly error?: Error } = {}

  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return (
      <Failure
        title="The page has a defect"
        message={`${error.message} What was sent is stored; reload the page to go on.`}
      >
        <Button onClick={() => location.reload()}>Reload</Button>
      </Failure>
    )
  }
}
