import { afterEach, describe, expect, test, vi } from 'vitest'
import { reportUnhandled, systemClock, systemNetwork } from './platform.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('the platform', () => {
  test('secrets are base64url and differ; random numbers are in [0, 1)', () => {
    const secrets = new Set(Array.from({ length: 50 }, () => systemClock.secret(128)))
    expect(secrets.size).toBe(50)
    for (const secret of secrets) expect(secret).toMatch(/^[\w-]{22}$/)
    const random = systemClock.random()
    expect(random >= 0 && random < 1).toBe(true)
    expect(systemClock.now()).toBeGreaterThan(1_700_000_000_000)
  })

  test('a timer fires, unless it was cancelled; one beyond the range of the platform does not fire at once', async () => {
    const cancelled = vi.fn()
    const far = vi.fn()
    systemClock.after(1, cancelled).cancel()
    const timer = systemClock.after(2 ** 40, far)
    const before = systemClock.elapsed()
    await new Promise<void>((resolve) => systemClock.after(20, resolve))
    expect(systemClock.elapsed()).toBeGreaterThan(before)
    expect([cancelled.mock.calls, far.mock.calls]).toEqual([[], []])
    timer.cancel()
  })

  test('hints of a browser, until nobody wants them', () => {
    const window = new EventTarget()
    const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' })
    vi.stubGlobal('window', window)
    vi.stubGlobal('document', document)
    const connection = new EventTarget()
    vi.stubGlobal('navigator', { connection })
    const hints: string[] = []
    const stop = systemNetwork.watch((hint) => hints.push(hint))
    for (const name of ['online', 'offline', 'pagehide', 'pageshow']) window.dispatchEvent(new Event(name))
    document.dispatchEvent(new Event('visibilitychange'))
    expect(systemNetwork.hidden?.()).toBe(true)
    document.visibilityState = 'visible'
    document.dispatchEvent(new Event('visibilitychange'))
    document.dispatchEvent(new Event('resume'))
    connection.dispatchEvent(new Event('change'))
    stop()
    window.dispatchEvent(new Event('online'))
    expect(hints).toEqual(['online', 'offline', 'left', 'visible', 'hidden', 'visible', 'visible', 'visible'])
  })

  test('elsewhere nothing is hinted, and the network counts as there', () => {
    vi.stubGlobal('navigator', undefined)
    expect([systemNetwork.online(), systemNetwork.hidden?.()]).toEqual([true, false])
    expect(() => systemNetwork.watch(() => undefined)()).not.toThrow()
    vi.stubGlobal('navigator', { onLine: false })
    expect(systemNetwork.online()).toBe(false)
  })

  test('an error that nobody took is shown', () => {
    const error = new Error('mine')
    const shown = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    vi.stubGlobal('reportError', undefined)
    reportUnhandled(error)
    expect(shown).toHaveBeenCalledExactlyOnceWith(error)
  })
})
