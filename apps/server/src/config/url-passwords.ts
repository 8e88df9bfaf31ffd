const passwordInUrl = /(\w+:\/\/[^\s:/@]*:)[^\s/]+@/g

/** A text without the passwords of the URLs in it. */
export function withoutUrlPasswords(text: string): string {
  return text.replace(passwordInUrl, '$1[secret]@')
}
