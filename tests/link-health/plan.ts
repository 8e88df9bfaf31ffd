import { Chance } from '../chaos/chance.ts'
import type { Conditions, Way } from '../fault-proxy/conditions.ts'

/** What is done to the line of a device. A line that is reset or half-open is dead; the next one begins well. */
export type Deed =
  | { readonly what: 'worsen'; readonly conditions: Conditions }
  | { readonly what: 'reset' }
  | { readonly what: 'halfOpen' }

export interface Step {
  /** Milliseconds from the beginning. */
  readonly at: number
  readonly deed: Deed
  /** The kind of episode that it belongs to. */
  readonly episode: string
}

/** What a device lives through, and how much it has to say. */
export interface DevicePlan {
  readonly steps: readonly Step[]
  /** Messages a second, and characters of each. */
  readonly rate: number
  readonly characters: number
}

interface Line {
  readonly delayMs: number
  readonly jitterMs: number
}

type Episode = (story: Story) => void

/** The mean time between two episodes, in ms. */
const meanCalmMs = 150_000

/** Writes down what happens, from a seed alone. */
class Story {
  readonly steps: Step[] = []
  readonly chance: Chance
  readonly line: Line
  at = 0
  episode = 'calm'

  constructor(chance: Chance, line: Line) {
    this.chance = chance
    this.line = line
    this.ways({})
    this.at = chance.next() * 20_000
  }

  /** Uniform between two numbers. */
  from(least: number, most: number): number {
    return least + this.chance.next() * (most - least)
  }

  wait(ms: number): void {
    this.at += ms
  }

  do(deed: Deed): void {
    this.steps.push({ at: Math.round(this.at), deed, episode: this.episode })
  }

  /** The line as it is, with what is worse in both directions. */
  ways(worse: Partial<Way>): void {
    const way = Object.entries({ ...this.line, ...worse }).map(([key, value]) => [
      key,
      Math.round(Number(value)),
    ])
    const both: Partial<Way> = Object.fromEntries(way)
    this.do({ what: 'worsen', conditions: { toServer: both, toClient: both } })
  }

  stall(ms: number): void {
    this.ways({ bytesPerSecond: 0 })
    this.wait(ms)
  }

  /** With this probability the line dies now, with a sound or without. Answers whether it has. */
  mayDie(probability: number): boolean {
    if (this.chance.next() >= probability) return false
    this.do({ what: this.chance.next() < 0.4 ? 'reset' : 'halfOpen' })
    this.ways({})
    return true
  }
}

const noise: Episode = (story) => {
  story.ways({ jitterMs: story.line.jitterMs * story.from(2, 6) + story.from(10, 120) })
  story.wait(story.from(10_000, 40_000))
  story.ways({})
}

/** Short stalls in a row, as a radio has them; most are over by themselves. */
const burst: Episode = (story) => {
  for (let left = story.chance.between(1, 5); left > 0; left--) {
    story.stall(story.from(400, 9_000))
    story.ways({ jitterMs: story.line.jitterMs + story.from(20, 200) })
    story.wait(story.from(1_500, 8_000))
  }
  if (!story.mayDie(0.08)) story.ways({})
}

/** Delay that grows; the further it goes, the more often the line does not come back. */
const drift: Episode = (story) => {
  const severity = story.chance.next()
  const most = 300 + severity * 2_500
  const stepMs = story.from(1_500, 6_000)
  for (let step = 1; step <= 10; step++) {
    story.ways({
      delayMs: story.line.delayMs + (most * step) / 10,
      jitterMs: story.line.jitterMs + most / 20,
    })
    story.wait(stepMs)
  }
  if (story.mayDie(0.7 * severity ** 2)) return
  for (let step = 9; step >= 0; step -= 3) {
    story.ways({ delayMs: story.line.delayMs + (most * step) / 10 })
    story.wait(stepMs / 2)
  }
}

/** A line that lets little pass. */
const squeeze: Episode = (story) => {
  const severity = story.chance.next()
  story.ways({ bytesPerSecond: 60 + 2_000 * (1 - severity) })
  story.wait(story.from(15_000, 50_000))
  if (!story.mayDie(0.5 * severity ** 2)) story.ways({})
}

const longStall: Episode = (story) => {
  story.stall(story.from(5_000, 26_000))
  if (!story.mayDie(0.15)) story.ways({})
}

/** Packets that are lost and sent again hold up what comes behind them. */
const loss: Episode = (story) => {
  const severity = story.chance.next()
  const until = story.at + story.from(15_000, 60_000)
  while (story.at < until) {
    story.stall(story.from(200, 600 + 2_200 * severity))
    story.ways({})
    story.wait(story.from(300, 4_500 - 3_500 * severity))
  }
  if (!story.mayDie(0.5 * severity ** 2)) story.ways({})
}

const sudden: Episode = (story) => void story.mayDie(1)

const episodes: readonly (readonly [name: string, share: number, episode: Episode])[] = [
  ['noise', 0.22, noise],
  ['burst', 0.26, burst],
  ['drift', 0.16, drift],
  ['squeeze', 0.1, squeeze],
  ['long stall', 0.1, longStall],
  ['loss', 0.12, loss],
  ['sudden', 0.04, sudden],
]

function pick(draw: number): (typeof episodes)[number] {
  let left = draw
  for (const entry of episodes) {
    left -= entry[1]
    if (left < 0) return entry
  }
  return episodes[0] as (typeof episodes)[number]
}

/** What one device of a recording lives through; equal seeds give equal plans. A quarter of all has a calm time. */
export function planDevice(seed: number, device: number, lengthMs: number): DevicePlan {
  const chance = new Chance(seed * 100_003 + device)
  const gauss = Math.sqrt(-2 * Math.log(1 - chance.next())) * Math.cos(2 * Math.PI * chance.next())
  const delayMs = Math.min(250, Math.max(3, 25 * Math.exp(0.8 * gauss)))
  const story = new Story(chance, { delayMs, jitterMs: delayMs * (0.05 + 0.55 * chance.next()) })
  const isCalm = device % 4 === 3
  while (!isCalm) {
    story.wait(15_000 - meanCalmMs * Math.log(1 - chance.next()))
    if (story.at >= lengthMs) break
    const [name, , episode] = pick(chance.next())
    story.episode = name
    episode(story)
    story.episode = 'calm'
  }
  const steps = story.steps.filter(({ at }) => at < lengthMs)
  return { steps, rate: 0.03 + 0.25 * chance.next(), characters: chance.between(50, 2_500) }
}
