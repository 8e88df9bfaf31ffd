/** Told how long things take, in ms, while somebody wants to know. */
export interface Timings {
  /** From a call to its answer. */
  called(ms: number): void
  /** From handing a unit to the store to its answer: the group commit with the flush to disk in it. */
  committed(ms: number): void
  /** From sealing a batch to writing it to the last live member. */
  delivered(ms: number): void
}

/** What a node has done since it was made: a few numbers, counted whether or not anybody looks. */
export class Activity {
  frames = 0
  published = 0
  calls = 0
  opened = 0
  closed = 0
  /** Characters of frames from clients. */
  received = 0
  /** How long the connections lasted that were closed, in ms, all together. */
  lasted = 0
  /** Calls refused, by error code. */
  readonly refused = new Map<string, number>()
  /** Connections closed, by reason. */
  readonly closedFor = new Map<string, number>()
  /** Events published, by kind. */
  readonly publishedIn = new Map<string, number>()
  /** Nothing is timed while there is none. */
  timings: Timings | undefined
}

export function countOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
