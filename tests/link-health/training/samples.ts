import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import {
  featureNames,
  featuresOf,
  type LinkFeatures,
  type LinkReading,
  windowLength,
} from '@parley/client/health'
import type { RecordedLink } from '../device.ts'

/** A link is to be called failing when it is dead within so long. */
const horizonMs = 30_000

export interface Sample {
  readonly device: number
  readonly features: LinkFeatures
  readonly values: readonly number[]
  /** The link is dead within the horizon, or already. */
  readonly fails: boolean
  /** It was not dead yet. */
  readonly isAlive: boolean
  readonly cause: string | null
  /** Names the death, where it fails. */
  readonly death: string | null
  readonly at: number
  readonly diedAt: number | null
  readonly waitingMs: number
}

export interface Recording {
  readonly samples: readonly Sample[]
  readonly intervalMs: number
  readonly devices: number
  readonly minutes: number
  readonly seed: number
  readonly links: number
  readonly deaths: number
  /** SHA-256 of the lines. */
  readonly digest: string
}

interface Head {
  readonly devices: number
  readonly minutes: number
  readonly seed: number
  readonly intervalMs: number
  readonly columns: readonly string[]
}

interface Trace {
  readonly device: number
  readonly links: readonly RecordedLink[]
  readonly readings: readonly (readonly (number | null)[])[]
}

/** Reads a recording. @throws Error when it is not the one whose digest is kept beside it */
export function readRecording(path: URL): Recording {
  const text = gunzipSync(readFileSync(path)).toString()
  const digest = createHash('sha256').update(text).digest('hex')
  const kept = readFileSync(new URL(`${path.href}.sha256`), 'utf8').trim()
  if (digest !== kept) throw new Error(`The recording has the digest ${digest}, not ${kept}.`)
  const [head, ...lines] = text.trimEnd().split('\n')
  const { columns, ...options } = JSON.parse(head as string) as Head
  const traces = lines.map((line) => JSON.parse(line) as Trace)
  const links = traces.flatMap((trace) => trace.links)
  return {
    ...options,
    digest,
    links: links.length,
    deaths: links.filter(({ diedAt }) => typeof diedAt === 'number').length,
    samples: traces.flatMap((trace) => samplesOf(trace, columns, options)),
  }
}

function samplesOf(
  trace: Trace,
  columns: readonly string[],
  { intervalMs, minutes }: Omit<Head, 'columns'>,
): Sample[] {
  const samples: Sample[] = []
  let window: LinkReading[] = []
  let current = -1
  for (const row of trace.readings) {
    const reading = Object.fromEntries(columns.map((column, index) => [column, row[index] ?? undefined]))
    const { link: index, at } = reading as unknown as { link: number; at: number }
    const link = trace.links[index] as RecordedLink
    if (index !== current) window = []
    current = index
    window = [...window, reading as unknown as LinkReading].slice(-windowLength)
    const diedAt = link.diedAt ?? null
    // What becomes of a link after the end of the recording nobody knows.
    if (diedAt === null && at > minutes * 60_000 - horizonMs) continue
    const features = featuresOf(window, intervalMs)
    const fails = diedAt !== null && diedAt - at <= horizonMs
    samples.push({
      ...{
        device: trace.device,
        features,
        fails,
        diedAt,
        at,
        waitingMs: (reading as unknown as LinkReading).waitingMs,
      },
      values: featureNames.map((name) => features[name]),
      isAlive: diedAt === null || at < diedAt,
      cause: fails ? (link.cause ?? null) : null,
      death: fails ? `${trace.device}.${index}` : null,
    })
  }
  return samples
}

export type Part = 'training' | 'validation' | 'test'

/** Devices fall into three parts, whole: 60, 20 and 20 of a hundred. */
export function partOf(device: number): Part {
  const share = createHash('sha256').update(`device ${device}`).digest().readUInt32BE() / 2 ** 32
  if (share < 0.6) return 'training'
  return share < 0.8 ? 'validation' : 'test'
}
