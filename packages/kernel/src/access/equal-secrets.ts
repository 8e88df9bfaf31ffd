/** Compares two secrets without telling by its duration how much of them is equal. */
export function equalSecrets(secret: string, given: string): boolean {
  let difference = secret.length ^ given.length
  for (let index = 0; index < secret.length; index++)
    difference |= secret.charCodeAt(index) ^ given.charCodeAt(index % Math.max(given.length, 1))
  return difference === 0
}
