import { ParleyError } from '@parley/protocol'

const keyPattern = /^[\w-]{1,128}(\/[\w-]{1,128}){0,3}$/

/** What is wrong with a key of a blob, for blob stores to throw; undefined when it is well-formed. */
export function blobKeyProblem(key: string): ParleyError | undefined {
  if (keyPattern.test(key)) return undefined
  return new ParleyError(
    'bad_request',
    'The key of a blob has one to four parts of letters, digits, - and _, joined by /.',
  )
}
