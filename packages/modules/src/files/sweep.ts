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
        await this.#app(app)
      } catch (error) {
        if (!this.#isStopped)
          log.warn('Files that are due were not all seen to.', { app, error: String(error) })
      }
    }
  }

  async #app(app: string): Promise<void> {
    const parts = this.#parts()
    const { run, clock } = parts.services()
    const isDue = ({ due }: FileRecord) => due !== undefined && due <= clock.now()
    const due = await run(app, (ctx) => dueFiles(ctx, clock.now(), batch))
    for (const file of due) {
      if (this.#isStopped) return
      const record = await run(app, async (ctx) => (await findFile(ctx, file))?.record)
      if (record === undefined) continue
      if (record.status === 'processing') parts.pictures.enqueue({ app, file })
      else await removeFile(parts, { app, file, owner: record.owner }, 'expired', isDue)
    }
  }
}
