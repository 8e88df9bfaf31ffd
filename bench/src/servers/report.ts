import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { type Answers, link } from '../link.ts'

/** Tells the benchmark where this server listens, and answers its questions about the process, and others. */
export async function report(port: number, answers: Answers = {}): Promise<void> {
  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined
  const runner = link(process, {
    ...answers,
    /** Frees what is garbage, so that resident memory means something. */
    async collect() {
      for (let round = 0; round < 3; round++) {
        globalThis.gc?.()
        await pause(100)
      }
    },
    delayStart() {
      delay?.disable()
      delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
    },
    /** In ms; the resolution of 1 ms is part of it. */
    delayRead() {
      delay?.disable()
      return {
        p50: (delay?.percentile(50) ?? 0) / 1e6,
        p99: (delay?.percentile(99) ?? 0) / 1e6,
        max: (delay?.max ?? 0) / 1e6,
      }
    },
  })
  process.once('disconnect', () => process.exit())
  await runner.ask('ready', port)
}
