/** Values kept by the browser. Nothing here throws: without storage they are kept as long as the page. */
export interface Kept {
  /** Whatever stands there: other pages of this origin write here too, so check it. */
  read(key: string): unknown
  write(key: string, value: unknown): void
  remove(key: string): void
}

/** @param storage asked each time, as a browser may refuse even to name it */
export function keptIn(storage: () => Storage): Kept {
  const fallback = new Map<string, string>()
  const attempt = <T>(run: (storage: Storage) => T): T | undefined => {
    try {
      return run(storage())
    } catch {
      return undefined
    }
  }
  return {
    read(key) {
      const text = fallback.get(key) ?? attempt((place) => place.getItem(key))
      if (text === undefined || text === null) return undefined
      try {
        return JSON.parse(text)
      } catch {
        return undefined
      }
    },
    write(key, value) {
      const text = JSON.stringify(value)
      const isKept = attempt((place) => {
        place.setItem(key, text)
        return true
      })
      if (isKept === true) fallback.delete(key)
      else fallback.set(key, text)
    },
    remove(key) {
      fallback.delete(key)
      attempt((place) => place.removeItem(key))
    },
  }
}

/** Lasts as long as the tab; each tab has its own. */
export const keptWithTab = keptIn(() => sessionStorage)

/** Lasts on this device, for all tabs. */
export const keptOnDevice = keptIn(() => localStorage)

/** The part of `kept` that belongs to somebody: two people who share a browser do not see each other's. */
export function keptFor(owner: string, kept: Kept): Kept {
  const own = (key: string): string => `${key}.${owner}`
  return {
    read: (key) => kept.read(own(key)),
    write: (key, value) => kept.write(own(key), value),
    remove: (key) => kept.remove(own(key)),
  }
}
