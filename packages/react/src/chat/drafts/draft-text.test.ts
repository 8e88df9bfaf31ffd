import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DraftText } from './draft-text.ts'

function draft() {
  const saved: string[] = []
  const answers: { resolve(at: number): void; reject(error: Error): void }[] = []
  const changed = vi.fn()
  const text = new DraftText({
    changed,
    save: (words) => {
      saved.push(words)
      return new Promise((resolve, reject) => {
        answers.push({ resolve: (at) => resolve({ at }), reject })
      })
    },
  })
  const answer = async (at = Date.now()) => {
    answers.shift()?.resolve(at)
    await vi.advanceTimersByTimeAsync(0)
  }
  return { text, saved, answer, answers, changed }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a draft', () => {
  test('is saved a second after the last key, and every five while the writer does not pause', async () => {
    const { text, saved, answer } = draft()
    for (let count = 1; count <= 7; count++) {
      text.write('x'.repeat(count))
      await vi.advanceTimersByTimeAsync(800)
    }
    expect(saved).toEqual(['xxxxxxx'])
    await answer()
    expect(text.isSaved).toBe(true)
    text.write('y')
    await vi.advanceTimersByTimeAsync(999)
    expect(saved).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(saved).toEqual(['xxxxxxx', 'y'])
  })

  test('follows other devices while nothing is written here', async () => {
    const { text, answer } = draft()
    text.heard('from the phone', 5)
    expect([text.text, text.isSaved]).toEqual(['from the phone', true])
    text.write('here')
    text.heard('from the phone again', 6)
    expect(text.text).toBe('here')
    await vi.advanceTimersByTimeAsync(1_000)
    await answer(7)
    // The writer is still at it.
    text.heard('and again', 8)
    expect(text.text).toBe('here')
    await vi.advanceTimersByTimeAsync(5_000)
    text.heard('later', 9)
    expect(text.text).toBe('later')
    text.heard('older', 3)
    expect(text.text).toBe('later')
  })

  test('that is cleared is dropped at once, and what was on its way does not bring it back', async () => {
    const { text, saved, answer } = draft()
    text.write('words')
    await vi.advanceTimersByTimeAsync(1_000)
    text.clear()
    expect([text.text, saved]).toEqual(['', ['words', '']])
    await answer(5)
    text.heard('words', 5)
    expect(text.text).toBe('')
    await answer(6)
    expect([text.text, text.isSaved]).toEqual(['', true])
    text.heard('', 6)
    expect(text.text).toBe('')
  })

  test('that cannot be saved stays, and says why', async () => {
    const { text, answers } = draft()
    text.write('words')
    await vi.advanceTimersByTimeAsync(1_000)
    answers[0]?.reject(new Error('Too many drafts.'))
    await vi.advanceTimersByTimeAsync(0)
    expect([text.text, text.isSaved, text.error?.message]).toEqual(['words', false, 'Too many drafts.'])
  })
})
