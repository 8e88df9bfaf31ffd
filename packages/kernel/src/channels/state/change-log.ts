/** Changes remembered for those who fell behind; who is further back needs a new snapshot. */
const maxChanges = 8_192

/** The keys that changed in a map, each change with the next version. */
export class ChangeLog {
  #version = 0
  /** `#keys[i]` belongs to version `#base + i + 1`. */
  #keys: string[] = []
  #base = 0

  get version(): number {
    return this.#version
  }

  add(key: string): void {
    this.#version += 1
    this.#keys.push(key)
    if (this.#keys.length <= 2 * maxChanges) return
    this.#base += this.#keys.length - maxChanges
    this.#keys = this.#keys.slice(-maxChanges)
  }

  /** Whether all changes after a version are known. */
  reaches(version: number): boolean {
    return version >= this.#base && version <= this.#version
  }

  /** The key that changed with a version that is reached. */
  at(version: number): string {
    return this.#keys[version - this.#base - 1] as string
  }

  /** Forgets what has changed so far. */
  forget(): void {
    this.#base = this.#version
    this.#keys = []
  }
}
