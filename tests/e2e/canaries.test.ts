import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Crowd } from './crowd.ts'
import { type Heard, judge } from './judge.ts'
import { ServerProcess } from './server-process.ts'

const clients = 8
const each = 40

/** What the judge of the kill -9 test says of clients that pipeline to a server. */
async function verdictOn(script: URL): Promise<readonly string[]> {
  const server = await ServerProcess.start({ script: fileURLToPath(script) })
  try {
    const crowd = await Crowd.join({ server, channel: 'chat:canary', size: clients })
    crowd.publishAll(each)
    await crowd.answered()
    await crowd.everybodyHas(clients * each)
    crowd.leave()
    expect(crowd.acked.size).toBe(clients * each)
    return crowd.verdict()
  } finally {
    await server.remove()
  }
}

const kindsOf = (complaints: readonly string[]) => [
  ...new Set(
    complaints.map((complaint) => /^(\w+):/.exec(complaint)?.[1]).filter((kind) => kind !== undefined),
  ),
]

test('handlers that sleep at random do not change the order in which a client sends', async () => {
  expect(await verdictOn(new URL('./canaries/sleeping.ts', import.meta.url))).toEqual([])
})

test('a server on which a call does not wait for the one before is noticed', async () => {
  expect(kindsOf(await verdictOn(new URL('./canaries/unordered.ts', import.meta.url)))).toEqual(['reordered'])
})

const told: readonly Heard[] = [
  { offset: 1, text: 'ada/0', by: 'ada' },
  { offset: 2, text: 'bob/0', by: 'bob' },
  { offset: 3, text: 'ada/1', by: 'ada' },
]
const acked = new Map(told.map(({ text, offset }) => [text, offset]))
const [first, second, third] = told as [Heard, Heard, Heard]

test.each<[kinds: string[], heard: readonly Heard[]]>([
  [[], told],
  [['lost'], [first, second]],
  [
    ['lost', 'gap'],
    [first, third],
  ],
  [
    ['doubled', 'moved', 'reordered'],
    [first, second, third, { ...first, offset: 4 }],
  ],
  [
    ['doubled', 'gap'],
    [first, second, second, third],
  ],
  [
    ['moved', 'reordered'],
    [{ ...third, offset: 1 }, second, { ...first, offset: 3 }],
  ],
  [
    ['gap', 'reordered'],
    [third, second, first],
  ],
  [['forged'], [first, { ...second, by: 'ada' }, third]],
])('the judge finds %j', (kinds, heard) => {
  expect(
    kindsOf(judge({ acked, hearings: [told, heard].map((one) => ({ after: 0, heard: one })) })).sort(),
  ).toEqual([...kinds].sort())
})
