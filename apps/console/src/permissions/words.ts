const words: Readonly<Record<string, string>> = {
  public: 'everybody, without credentials',
  anyone: 'every valid identity',
  internal: 'other modules and app keys',
  operator: 'operators of the server',
}

/** The permission of a command in words: `manage:channel` → "manage on the channel". */
export function permissionWords(permission: string): string {
  const said = words[permission]
  if (said !== undefined) return said
  const [action = '', field] = permission.split(':', 2)
  return field === undefined ? `${action} on the whole app` : `${action} on the channel`
}
