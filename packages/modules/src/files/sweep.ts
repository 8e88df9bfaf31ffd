import type { Timer } from '@parley/kernel'
import type { FileRecord } from './model.ts'
import type { FilesParts } from './parts.ts'
import { removeFile } from './removal.ts'
import { dueFiles, findFile } from './store.ts'

const periodMs = 60_000
const batch = 100

/** Looks every minute at what is due: uploads and files that expired, removals and thumbnails that broke off. */
export class Sweep {
  readonly #parts: () => FilesParts
  #timer: Timer | undefined
  #underWay: Promise<void> | undefined
  #isStopped = false

  constructor(parts: () => FilesParts) {
    this.#parts = parts
  }

  start(): void {
    this.#underWay ??= this.#all().finally(() => {
      this.#underWay = undefined
      if (this.#isStopped) return
      this.#timer = this.#parts()
        .services()
        .clock.after(periodMs, () => this.start())
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#underWay
  }

  async #all(): Promise<void> {
    const { apps, log } = this.#parts().services()
    for (const app of apps) {
      try {
        for await (const file of this.#due(app)) await this.#seeTo(app, file)
      } catch (error) {
        if (!this.#isStopped)
          log.warn('The files that are due could not be read.', { app, error: String(error) })
      }
    }
  }

  async *#due(app: string): AsyncIterable<string> {
    const { run, clock } = this.#parts().services()
    const now = clock.now()
    let after: string | undefined
    do {
      const from = after
      const { files, next } = await run(app, (ctx) => dueFiles(ctx, now, { after: from, limit: batch }))
      for (const file of files) {
        if (this.#isStopped) return
        yield file
      }
      after = next
    } while (after !== undefined)
  }

  /** One file that cannot be seen to now keeps no other from being seen to. */
  async #seeTo(app: string, file: string): Promise<void> {
    const parts = this.#parts()
    const { run, clock, log } = parts.services()
    const isDue = ({ due }: FileRecord) => due !== undefined && due <= clock.now()
    try {
      const record = await run(app, async (ctx) => (await findFile(ctx, file))?.record)
      if (record?.status === 'processing') parts.pictures.enqueue({ app, file })
      else if (record !== undefined)
        await removeFile(parts, { app, file, owner: record.owner }, 'expired', isDue)
    } catch (error) {
      if (!this.#isStopped)
        log.warn('A file that is due could not be seen to now.', { app, file, error: String(error) })
    }
  }
}
