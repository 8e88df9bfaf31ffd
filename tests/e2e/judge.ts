/** An event as a client heard it. Its text is `author/count`: the count-th event that its author sent. */
export interface Heard {
  readonly offset: number
  readonly text: string
  readonly by: string | undefined
}

/** What one client heard, in the order in which it did. */
export interface Hearing {
  /** Head of the channel when it began to listen. */
  readonly after: number
  readonly heard: readonly Heard[]
}

/** What the senders were promised, and what the clients of their channel heard. */
export interface Testimony {
  /** Text → offset of every event that was acknowledged. */
  readonly acked: ReadonlyMap<string, number>
  readonly hearings: readonly Hearing[]
}

const maxComplaints = 20

/**
 * The delivery rules as one verdict: every client hears every acknowledged event exactly once, at the offset that was
 * promised, all offsets one after the other, and the events of each author in the order in which they were sent.
 * Answers what speaks against it, each complaint with its kind in front: `lost`, `doubled`, `moved`, `gap`,
 * `reordered`, `forged`.
 */
export function judge({ acked, hearings }: Testimony): readonly string[] {
  const complaints: string[] = []
  for (const [index, hearing] of hearings.entries()) {
    for (const complaint of [...promises(acked, hearing), ...sequence(hearing)]) {
      complaints.push(`${complaint} (client ${index})`)
      if (complaints.length >= maxComplaints) return [...complaints, 'and more']
    }
  }
  return complaints
}

function* promises(acked: ReadonlyMap<string, number>, { after, heard }: Hearing): Iterable<string> {
  const places = new Map<string, number>()
  for (const { text, offset } of heard) {
    const other = places.get(text)
    if (other !== undefined) yield `doubled: ${text} came at ${other} and at ${offset}`
    places.set(text, offset)
  }
  for (const [text, offset] of acked) {
    const place = places.get(text)
    if (offset <= after) continue
    if (place === undefined) yield `lost: ${text}, acknowledged at ${offset}, never came`
    else if (place !== offset) yield `moved: ${text}, acknowledged at ${offset}, came at ${place}`
  }
}

function* sequence({ after, heard }: Hearing): Iterable<string> {
  const last = new Map<string, number>()
  for (const [index, { offset, text, by }] of heard.entries()) {
    if (offset !== after + index + 1) yield `gap: ${text} came at ${offset} instead of ${after + index + 1}`
    const [author = '', count = ''] = text.split('/')
    if (by !== author) yield `forged: ${text} came from ${by}`
    const before = last.get(author) ?? -1
    if (Number(count) < before) yield `reordered: ${text} came behind ${author}/${before}`
    last.set(author, Math.max(before, Number(count)))
  }
}
