/** Key of an entry of a session: ids of sessions begin otherwise than keys of entries that the server keeps. */
export function sessionKey(session: string, name: string): string {
  return `${session}|${name}`
}

/**
 * Key of an entry that the server keeps. Names declared by modules have no `|`, so that no owner can be taken for
 * another one with a name.
 */
export function keptKey(owner: string | undefined, name: string): string {
  return owner === undefined ? `~|${name}` : `~${owner}|${name}`
}
