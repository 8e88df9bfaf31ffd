import type { Terminal } from './terminal.ts'

const width = 24
const drawMs = 100

/** A bar for work that takes its time; nothing where nobody looks on. */
export interface Progress {
  /** @param done of `total`, in bytes or pieces */
  to(done: number, total: number): void
  end(): void
}

/** Draws at most ten times a second: work is not held up by showing it. */
export function showProgress(
  terminal: Pick<Terminal, 'isInteractive' | 'line'>,
  what: string,
  now: () => number = () => performance.now(),
): Progress {
  if (!terminal.isInteractive) return { to: () => undefined, end: () => undefined }
  let drawnAt = Number.NEGATIVE_INFINITY
  return {
    to(done, total) {
      if (now() - drawnAt < drawMs && done < total) return
      drawnAt = now()
      const share = total <= 0 ? 1 : Math.min(1, done / total)
      const full = Math.round(share * width)
      const percent = String(Math.floor(share * 100)).padStart(3)
      terminal.line(`${what}  ${'█'.repeat(full)}${'░'.repeat(width - full)} ${percent} %`)
    },
    end: () => terminal.line(''),
  }
}

const units = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** `1.4 MB` */
export function sizeText(bytes: number): string {
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  const value = bytes / 1000 ** step
  return `${step === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[step]}`
}
