import type { OutboxRecord, OutboxStore } from '../outbox-store.ts'

/** A store whose process can be begun anew: `open` gives what a new process would. */
export interface StorePlace {
  open(): OutboxStore
}

const recordOf = (id: string, more: Partial<OutboxRecord> = {}): OutboxRecord => ({
  ...{ id, command: 'chat.send', input: { channel: 'c', text: `words of ${id} „ä 👍\n` }, addedAt: 5 },
  ...more,
})

/** What every store must do, by name. Runs wherever the store does, a page included: no test runner is needed. */
export const storeConformance: Readonly<Record<string, (place: StorePlace) => Promise<void>>> = {
  'keeps records over lives of the process, in order, with everything that was given': async (place) => {
    let store = place.open()
    same(await store.load(), [])
    const whole = recordOf('b', { priority: 'high', note: { after: 3 }, attemptedAt: 7 })
    const seqs = await Promise.all([store.add(recordOf('a')), store.add(whole), store.add(recordOf('c'))])
    same(
      seqs,
      seqs.toSorted((one, other) => one - other),
    )
    same(new Set(seqs).size, 3)
    await store.close()
    store = place.open()
    const kept = await store.load()
    same(
      kept.map(({ id }) => id),
      ['a', 'b', 'c'],
    )
    same(kept[1], { ...whole, seq: seqs[1] })
    await store.close()
  },
  'removes what it is told to, and places are not used twice': async (place) => {
    let store = place.open()
    const first = await store.add(recordOf('a'))
    const last = await store.add(recordOf('b'))
    await store.remove([first, last, 4_000])
    same(await store.load(), [])
    const next = await store.add(recordOf('c'))
    same(next > last, true)
    await store.close()
    store = place.open()
    same(
      (await store.load()).map(({ id }) => id),
      ['c'],
    )
    await store.close()
  },
  'replaces records, and brings none back': async (place) => {
    let store = place.open()
    const [a, b] = [await store.add(recordOf('a')), await store.add(recordOf('b'))]
    await store.remove([a])
    const refusal = { code: 'forbidden', message: 'No.', retryable: false } as const
    await store.update([
      { ...recordOf('a'), seq: a },
      { ...recordOf('b', { attemptedAt: 9, refusal }), seq: b },
    ])
    await store.close()
    store = place.open()
    same(await store.load(), [{ ...recordOf('b', { attemptedAt: 9, refusal }), seq: b }])
    await store.close()
  },
  'forgets everything when it is cleared, and goes on': async (place) => {
    let store = place.open()
    await Promise.all(['a', 'b', 'c'].map((id) => store.add(recordOf(id))))
    await store.clear()
    same(await store.load(), [])
    await store.add(recordOf('d'))
    await store.close()
    store = place.open()
    same(
      (await store.load()).map(({ id }) => id),
      ['d'],
    )
    await store.clear()
    await store.close()
    store = place.open()
    same(await store.load(), [])
    await store.close()
  },
  'takes many at once': async (place) => {
    let store = place.open()
    const ids = Array.from({ length: 300 }, (_, index) => `r${index}`)
    const seqs = await Promise.all(ids.map((id) => store.add(recordOf(id))))
    await store.remove(seqs.filter((_, index) => index % 3 > 0))
    await store.close()
    store = place.open()
    same(
      (await store.load()).map(({ id }) => id),
      ids.filter((_, index) => index % 3 === 0),
    )
    await store.close()
  },
}

function same(actual: unknown, expected: unknown): void {
  const [one, other] = [canonical(actual), canonical(expected)]
  if (one !== other) throw new Error(`${one} is not ${other}.`)
}

/** As text, whatever the order of the fields. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  )
}
