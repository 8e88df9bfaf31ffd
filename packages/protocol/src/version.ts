/** Protocol versions that this build speaks, best first. The subprotocol of a version is `parley.v<version>.<codec>`. */
export const supportedVersions = [1] as const

export const jsonSubprotocol = 'parley.v1.json'
/** The same frames in MessagePack (PROTOCOL.md §1). */
export const msgpackSubprotocol = 'parley.v1.msgpack'

/**
 * Picks the version for a connection: the highest that both sides name.
 * Versions are whole numbers; a new one appears only when an old client would misread a frame. Fields may be added
 * within a version, so both sides ignore fields they do not know.
 *
 * @returns the version, or undefined when there is none in common
 */
export function negotiateVersion(
  offered: readonly number[],
  supported: readonly number[] = supportedVersions,
): number | undefined {
  let best: number | undefined
  for (const version of offered) {
    if (supported.includes(version) && (best === undefined || version > best)) best = version
  }
  return best
}

/**
 * Picks a subprotocol from those a client offers, in the client's order, as RFC 6455 §4.2.2 allows.
 * `aliases` maps further names (for example `edu-matrix-v1`) to a name that we know.
 */
export function negotiateSubprotocol(
  offered: Iterable<string>,
  aliases: Readonly<Record<string, string>> = {},
): string | undefined {
  for (const name of offered) {
    const known = Object.hasOwn(aliases, name) ? aliases[name] : name
    if (known === jsonSubprotocol || known === msgpackSubprotocol) return name
  }
  return undefined
}
