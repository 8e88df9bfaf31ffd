import type { ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'

/** What holds back what is written to a response: in HTTP/2, a stream of the connection. */
export function writableOf(response: ServerResponse & { readonly stream?: Writable }): Writable {
  return response.stream ?? response
}
