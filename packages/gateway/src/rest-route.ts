import type { HttpMethod } from '@parley/kernel'
import type { CommandContract } from '@parley/protocol'

/** Where a command is offered. */
export interface RestRoute {
  readonly method: HttpMethod
  /** Below the prefix, with `{names}`. */
  readonly path: string
  /** Input fields that the path carries. */
  readonly names: readonly string[]
  /** Whether the other fields come as a JSON body; otherwise they come in the query. */
  readonly takesBody: boolean
}

/** Takes a contract's `rest` apart. */
export function restRoute(contract: Pick<CommandContract, 'rest'>): RestRoute {
  const [method, path] = contract.rest.split(' ', 2) as [HttpMethod, string]
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string)
  return { method, path, names, takesBody: method !== 'GET' && method !== 'DELETE' }
}
