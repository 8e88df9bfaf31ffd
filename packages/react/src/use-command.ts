'use client'

import type {
  BuiltIn,
  CallOptions,
  CommandName,
  InputOfCommand,
  OutputOfCommand,
  ParleyError,
} from '@parley/client'
import { useCallback, useRef, useState } from 'react'
import { useClient } from './provider.tsx'

export interface CommandState<Output> {
  /** The last call has no answer yet. */
  readonly pending: boolean
  /** Why the last call failed; undefined while it is pending or when it succeeded. */
  readonly error: ParleyError | undefined
  /** What the last successful call answered. */
  readonly data: Output | undefined
}

export type RunCommand<Input, Output> = (input: Input, options?: CallOptions) => Promise<Output>

/**
 * A command and what became of its last call. `run` stays the same function; its promise may be ignored, as the error
 * is in the state too.
 */
export function useCommand<Name extends CommandName<Contracts> | (string & {}), Contracts = BuiltIn>(
  name: Name,
): readonly [
  RunCommand<InputOfCommand<Contracts, Name>, OutputOfCommand<Contracts, Name>>,
  CommandState<OutputOfCommand<Contracts, Name>>,
] {
  type Output = OutputOfCommand<Contracts, Name>
  const client = useClient()
  const lastRun = useRef(0)
  const [state, setState] = useState<CommandState<Output>>({
    pending: false,
    error: undefined,
    data: undefined,
  })
  const run = useCallback(
    (input: InputOfCommand<Contracts, Name>, options?: CallOptions): Promise<Output> => {
      lastRun.current += 1
      const thisRun = lastRun.current
      const settle = (result: Partial<CommandState<Output>>): void => {
        if (thisRun === lastRun.current) setState((before) => ({ ...before, ...result, pending: false }))
      }
      setState((before) => ({ ...before, pending: true, error: undefined }))
      const answer = client.call<string>(name, input as never, options) as Promise<Output>
      answer.then(
        (data) => settle({ data }),
        (error: ParleyError) => settle({ error }),
      )
      return answer
    },
    [client, name],
  )
  return [run, state]
}
