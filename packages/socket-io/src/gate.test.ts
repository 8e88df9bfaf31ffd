import { expect, test } from 'vitest'
import { Gate } from './gate.ts'

function work() {
  const done: { resolve: () => void } = { resolve: () => undefined }
  const promise = new Promise<void>((resolve) => {
    done.resolve = resolve
  })
  return { promise, resolve: () => done.resolve() }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('what is done while nothing is under way is done at once', () => {
  const seen: number[] = []
  new Gate().run(() => seen.push(1))
  expect(seen).toEqual([1])
})

test('jobs wait for the work before them, and work for the jobs before it', async () => {
  const gate = new Gate()
  const seen: string[] = []
  const [first, second, third] = [work(), work(), work()]
  const hold = (name: string, { promise }: { promise: Promise<void> }) =>
    gate.hold(() => {
      seen.push(`${name} begins`)
      return promise
    })
  void hold('first', first)
  void hold('second', second)
  gate.run(() => seen.push('job'))
  void hold('third', third)
  gate.run(() => seen.push('last job'))
  await turn()
  expect(seen).toEqual(['first begins', 'second begins'])
  second.resolve()
  await turn()
  expect(seen).toHaveLength(2)
  first.resolve()
  await turn()
  expect(seen.slice(2)).toEqual(['job', 'third begins'])
  third.resolve()
  await turn()
  expect(seen.at(-1)).toBe('last job')
})

test('work that fails holds nobody up, and the failure is told', async () => {
  const gate = new Gate()
  const seen: number[] = []
  const failing = gate.hold(() => Promise.reject(new Error('no')))
  gate.run(() => seen.push(1))
  await expect(failing).rejects.toThrow('no')
  await turn()
  expect(seen).toEqual([1])
  gate.run(() => seen.push(2))
  expect(seen).toEqual([1, 2])
})

test('thousands of steps go through in order', async () => {
  const gate = new Gate()
  const seen: number[] = []
  for (let count = 0; count < 5_000; count++) {
    void gate.hold(async () => undefined)
    gate.run(() => seen.push(count))
  }
  await expect.poll(() => seen.length).toBe(5_000)
  expect(seen).toEqual([...seen].sort((a, b) => a - b))
})
