import { spawnSync } from 'node:child_process'
import { describe, expect, test, vi } from 'vitest'
import { systemClock } from './system-clock.ts'

describe('systemClock', () => {
  const clock = systemClock()

  test('tells the time and never goes back', () => {
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000)
    const before = clock.elapsed()
    expect(clock.elapsed()).toBeGreaterThanOrEqual(before)
  })

  test('runs deferred work in order, after what is ready now', async () => {
    const told: string[] = []
    await new Promise<void>((resolve) => {
      clock.defer(() => told.push('first'))
      clock.defer(() => {
        told.push('second')
        resolve()
      })
      queueMicrotask(() => told.push('ready'))
    })
    expect(told).toEqual(['ready', 'first', 'second'])
  })

  test('timers fire once, and not when cancelled; cancelling late or twice does nothing', () => {
    vi.useFakeTimers()
    try {
      const run = vi.fn()
      const timer = clock.after(50, run)
      const cancelled = clock.after(50, run)
      cancelled.cancel()
      cancelled.cancel()
      vi.advanceTimersByTime(200)
      timer.cancel()
      expect(run).toHaveBeenCalledTimes(1)
    } finally {
      vi.useRealTimers()
    }
  })

  test('a delay beyond the longest timer of Node is waited for', () => {
    vi.useFakeTimers()
    try {
      const run = vi.fn()
      const days = 24 * 60 * 60 * 1000
      clock.after(60 * days, run)
      const cancelled = clock.after(60 * days, run)
      vi.advanceTimersByTime(59 * days)
      expect(run).not.toHaveBeenCalled()
      cancelled.cancel()
      vi.advanceTimersByTime(2 * days)
      expect(run).toHaveBeenCalledTimes(1)
    } finally {
      vi.useRealTimers()
    }
  })

  test('secrets have the bits asked for and differ', () => {
    expect(clock.secret(128)).toMatch(/^[\w-]{22}$/)
    expect(new Set(Array.from({ length: 100 }, () => clock.secret(64))).size).toBe(100)
    expect(clock.random()).toBeLessThan(1)
  })

  test('does not keep the process alive', () => {
    const source = `import { systemClock } from ${JSON.stringify(new URL('./system-clock.ts', import.meta.url).href)}
      systemClock().after(60_000, () => undefined)`
    const { status } = spawnSync(
      process.execPath,
      ['--conditions=parley-source', '--input-type=module', '-e', source],
      { timeout: 15_000 },
    )
    expect(status).toBe(0)
  })
})
