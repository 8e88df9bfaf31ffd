import { RowHeights } from './row-heights.ts'
import type { Row } from './rows.ts'

/** A rendered row, or the height of rows that are not rendered. */
export type Piece =
  | { readonly row: Row; readonly index: number }
  | { readonly gap: number; readonly key: string }

export type Frame = readonly Piece[]

export interface RowsInViewOptions {
  readonly viewport: () => HTMLElement | null
  readonly list: () => HTMLElement | null
  /** Something else has to be rendered. */
  readonly changed: () => void
  readonly near: (edge: 'first' | 'last') => void
  readonly seen: (last: Row | undefined, isPinned: boolean) => void
}

interface Anchor {
  readonly key: string
  readonly place: number
  /** Where its upper edge is, from that of the viewport. */
  readonly top: number
}

/** Rendered beyond what can be seen, on either side. */
const beyondPx = 600
const nearPx = 800
const atEndPx = 40

/** Which rows are rendered, and where the viewport stands over them. */
export class RowsInView {
  readonly #options: RowsInViewOptions
  readonly #heights = new RowHeights()
  readonly #elements = new Map<string, HTMLElement>()
  #rows: readonly Row[] = []
  #keys: readonly string[] = []
  #reachesEnd = true
  #isPinned = true
  #anchor: Anchor | undefined
  /** The row that the reader is to be taken to. */
  #target: ((row: Row) => boolean) | undefined
  #height = 800
  #rendered = ''
  #observer: ResizeObserver | undefined

  constructor(options: RowsInViewOptions) {
    this.#options = options
  }

  /** The reader is at the newest message and stays there. */
  get isPinned(): boolean {
    return this.#isPinned
  }

  /** Takes the rows as they are now; answers what is to be rendered. */
  arrange(rows: readonly Row[], kept: string | undefined, reachesEnd: boolean): Frame {
    if (rows !== this.#rows) {
      this.#rows = rows
      this.#keys = rows.map(({ key }) => key)
      this.#heights.arrange(this.#keys)
    }
    this.#reachesEnd = reachesEnd
    if (!reachesEnd) this.#isPinned = false
    const { start, end } = this.#range()
    this.#rendered = `${start}-${end}`
    const indexes = Array.from({ length: end - start }, (_, index) => start + index)
    const keptIndex = kept === undefined ? -1 : this.#keys.indexOf(kept)
    if (keptIndex >= 0 && keptIndex < start) indexes.unshift(keptIndex)
    if (keptIndex >= end) indexes.push(keptIndex)
    return this.#pieces(indexes)
  }

  /** After rendering: measures what is there and puts the viewport where the reader was. */
  settle(): void {
    const viewport = this.#options.viewport()
    if (viewport === null || viewport.clientHeight === 0) return
    this.#height = viewport.clientHeight
    const hasMoved = this.#heights.measured(
      [...this.#elements].map(([key, element]) => [key, element.getBoundingClientRect().height] as const),
    )
    this.#aim()
    this.#place(viewport)
    if (hasMoved || this.#isElsewhere()) this.#options.changed()
    else this.#report(viewport)
  }

  /** For the scroll event of the viewport. */
  scrolled(): void {
    const viewport = this.#options.viewport()
    if (viewport === null || viewport.clientHeight === 0) return
    const left = viewport.scrollHeight - viewport.scrollTop - viewport.clientHeight
    const wasPinned = this.#isPinned
    this.#isPinned = this.#reachesEnd && left < atEndPx
    this.#anchor = this.#anchorAt(viewport.scrollTop)
    if (wasPinned !== this.#isPinned || this.#isElsewhere()) this.#options.changed()
    this.#report(viewport)
  }

  toEnd(): void {
    this.#target = undefined
    this.#isPinned = this.#reachesEnd
    this.#anchor = undefined
    this.#options.changed()
  }

  toRow(find: (row: Row) => boolean): void {
    this.#target = find
    this.#options.changed()
  }

  register(key: string, element: HTMLElement): () => void {
    this.#elements.set(key, element)
    this.#observer?.observe(element)
    return () => {
      this.#observer?.unobserve(element)
      if (this.#elements.get(key) === element) this.#elements.delete(key)
    }
  }

  /** Notices when rows or the viewport change their size. Returns the function that ends it. */
  observe(): () => void {
    const observer = new ResizeObserver(() => this.settle())
    this.#observer = observer
    const viewport = this.#options.viewport()
    if (viewport !== null) observer.observe(viewport)
    for (const element of this.#elements.values()) observer.observe(element)
    return () => {
      observer.disconnect()
      this.#observer = undefined
    }
  }

  /** The rows to render: those in view and some around them. */
  #range(): { readonly start: number; readonly end: number } {
    const count = this.#rows.length
    if (count === 0) return { start: 0, end: 0 }
    const top = this.#isPinned ? this.#heights.total - this.#height : this.#top()
    const start = this.#heights.indexAt(top - beyondPx)
    const end = this.#heights.indexAt(top + this.#height + beyondPx) + 1
    return { start, end: this.#isPinned ? count : Math.min(count, end) }
  }

  /** Where the viewport begins over the rows, if the anchor is where it was. */
  #top(): number {
    const anchor = this.#anchor
    if (anchor === undefined) return this.#heights.total - this.#height
    const index = this.#keys.indexOf(anchor.key)
    // It is gone: what comes after it takes its place.
    const found = index >= 0 ? index : this.#rows.findIndex(({ place }) => place >= anchor.place)
    return this.#heights.offsetOf(found >= 0 ? found : this.#rows.length) - anchor.top
  }

  #isElsewhere(): boolean {
    const { start, end } = this.#range()
    return `${start}-${end}` !== this.#rendered
  }

  #pieces(indexes: readonly number[]): Frame {
    const pieces: Piece[] = []
    let next = 0
    for (const index of [...indexes, this.#rows.length]) {
      const gap = this.#heights.offsetOf(index) - this.#heights.offsetOf(next)
      if (gap > 0)
        pieces.push({
          gap,
          key: `gap ${pieces.length === 0 ? 'first' : index === this.#rows.length ? 'last' : 'inner'}`,
        })
      const row = this.#rows[index]
      if (row !== undefined) pieces.push({ row, index })
      next = index + 1
    }
    return pieces
  }

  /** Finds the row that the reader is to be taken to. */
  #aim(): void {
    const row = this.#target && this.#rows.find(this.#target)
    if (row === undefined) return
    this.#target = undefined
    this.#isPinned = false
    this.#anchor = { key: row.key, place: row.place, top: Math.round(this.#height / 4) }
  }

  #place(viewport: HTMLElement): void {
    const begin = this.#options.list()?.offsetTop ?? 0
    const wanted = this.#isPinned ? viewport.scrollHeight : begin + this.#top()
    const possible = Math.max(0, Math.min(wanted, viewport.scrollHeight - viewport.clientHeight))
    if (Math.abs(viewport.scrollTop - possible) >= 0.5) viewport.scrollTop = possible
  }

  #anchorAt(scrollTop: number): Anchor | undefined {
    const y = scrollTop - (this.#options.list()?.offsetTop ?? 0)
    const index = this.#heights.indexAt(y)
    const row = this.#rows[index]
    return row && { key: row.key, place: row.place, top: this.#heights.offsetOf(index) - y }
  }

  #report(viewport: HTMLElement): void {
    const y = viewport.scrollTop - (this.#options.list()?.offsetTop ?? 0)
    const last = this.#rows[this.#heights.indexAt(y + viewport.clientHeight - 8)]
    this.#options.seen(last, this.#isPinned)
    if (y < nearPx) this.#options.near('first')
    if (this.#heights.total - y - viewport.clientHeight < nearPx) this.#options.near('last')
  }
}
