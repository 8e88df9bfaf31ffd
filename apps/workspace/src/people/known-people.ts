/** Somebody who can be chosen. */
export interface KnownPerson {
  readonly id: string
  readonly name: string
}

const idPattern = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._~@+=:-]*$/u

/**
 * The user id that is meant by what somebody typed: of a person known by that name, or what was typed with dashes for
 * spaces, as sign-in by name makes ids. Undefined for what cannot be one.
 */
export function userMeant(typed: string, known: readonly KnownPerson[]): string | undefined {
  const wanted = typed.normalize('NFKC').trim().replace(/^@/, '')
  const lower = wanted.toLowerCase()
  const found = known.find(({ id, name }) => id === wanted || name.toLowerCase() === lower)
  if (found !== undefined) return found.id
  const id = /\s/.test(wanted) ? lower.replace(/\s+/g, '-') : wanted
  return id.length <= 128 && idPattern.test(id) && !id.includes('..') ? id : undefined
}

/** The known people whose name or id has all the words, those first whose name begins so. */
export function peopleLike(
  typed: string,
  known: readonly KnownPerson[],
  { without, most = 8 }: { readonly without: readonly string[]; readonly most?: number },
): readonly KnownPerson[] {
  const lower = typed.trim().toLowerCase().replace(/^@/, '')
  const words = lower.split(/\s+/).filter((word) => word !== '')
  const begins = ({ name }: KnownPerson) => Number(!name.toLowerCase().startsWith(lower))
  return known
    .filter(({ id }) => !without.includes(id))
    .filter(({ id, name }) => words.every((word) => `${name} ${id}`.toLowerCase().includes(word)))
    .sort((a, b) => begins(a) - begins(b) || a.name.localeCompare(b.name))
    .slice(0, most)
}
