import type { BuiltIn, CommandName, InputOfCommand, OutputOfCommand, ParleyError } from '@parley/client'
import { useClient } from '@parley/react'
import { type UseQueryResult, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

type Name = CommandName<BuiltIn>

/** The answer of a command that changes nothing; shared by all who ask the same, and asked for anew every `everyMs`. */
export function useAnswer<N extends Name>(
  command: N,
  input: InputOfCommand<BuiltIn, N>,
  options: { readonly everyMs?: number; readonly enabled?: boolean } = {},
): UseQueryResult<OutputOfCommand<BuiltIn, N>, ParleyError> {
  const client = useClient()
  const { everyMs, enabled = true } = options
  return useQuery({
    queryKey: [command, input],
    queryFn: ({ signal }) =>
      client.call<string>(command, input as never, { signal }) as Promise<OutputOfCommand<BuiltIn, N>>,
    enabled,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  })
}

/** Runs a command that changes something, then has the answers of `concerned` commands asked for anew. */
export function useAction<N extends Name>(command: N, concerned: readonly Name[]) {
  const client = useClient()
  const queries = useQueryClient()
  return useMutation<OutputOfCommand<BuiltIn, N>, ParleyError, InputOfCommand<BuiltIn, N>>({
    mutationFn: (input) =>
      client.call<string>(command, input as never) as Promise<OutputOfCommand<BuiltIn, N>>,
    onSettled: () =>
      Promise.all(concerned.map((name) => queries.invalidateQueries({ queryKey: [name] }))).then(
        () => undefined,
      ),
  })
}
