import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A disk so small that it can be filled. */
export class SmallDisk {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  /** A disk in memory, where the system lets us have one: as root on Linux, with the right to mount. */
  static mount(megabytes: number): SmallDisk | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
    const directory = mkdtempSync(join(tmpdir(), 'parley-disk-'))
    const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m`]
    if (spawnSync('mount', [...options, 'tmpfs', directory]).status === 0) return new SmallDisk(directory)
    rmSync(directory, { recursive: true })
    return undefined
  }

  /** Takes all but so many bytes of it for something else. */
  leaveFree(bytes: number): void {
    this.makeRoom()
    const { bavail, bsize } = statfsSync(this.directory)
    try {
      writeFileSync(this.#filler, Buffer.alloc(Math.max(0, bavail * bsize - bytes)))
    } catch (error) {
      // Others were faster, and it is as full as it can be.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }

  makeRoom(): void {
    rmSync(this.#filler, { force: true })
  }

  unmount(): void {
    spawnSync('umount', [this.directory])
    rmSync(this.directory, { recursive: true, force: true })
  }

  get #filler(): string {
    return join(this.directory, 'filler')
  }
}
