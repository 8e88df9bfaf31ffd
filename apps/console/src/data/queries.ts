import { keepPreviousData, QueryClient } from '@tanstack/react-query'

/** The answers of the server that pages share. */
export function makeQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The client of the SDK waits for its connection by itself, and repeats what has no answer.
        networkMode: 'always',
        retry: false,
        staleTime: 1_000,
        refetchOnWindowFocus: true,
        placeholderData: keepPreviousData,
      },
      mutations: { networkMode: 'always' },
    },
  })
}
