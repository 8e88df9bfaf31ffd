/** A message of the server: what stands between backticks is a name, and is set as one. */
export function Sentence({ text }: { readonly text: string }) {
  const parts = text.split('`')
  // A single backtick is just that.
  if (parts.length % 2 === 0) return text
  return parts.map((part, index) => {
    const isName = index % 2 === 1
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence have no other identity.
    return isName ? <code key={index}>{part}</code> : part
  })
}
