const hues = 7

/** One of the seven hues of the identity: the same for a user everywhere and always. */
export function hueOf(id: string): number {
  // FNV-1a: a few multiplications, and ids that differ in one letter fall apart.
  let hash = 0x811c9dc5
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193)
  return ((hash >>> 0) % hues) + 1
}

/** One or two letters that stand for a name. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s\-_.]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word))
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) =>
    firstLetter(word ?? ''),
  )
  return letters.join('').toUpperCase() || '?'
}

function firstLetter(word: string): string {
  return Array.from(word).find((letter) => /[\p{L}\p{N}]/u.test(letter)) ?? ''
}

/** `ada-lovelace` → `Ada Lovelace`: the name that an id was made of, as far as it can be told. */
export function nameInId(id: string): string {
  return id
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
}
