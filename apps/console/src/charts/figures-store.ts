import type { BuiltIn, EventMap } from '@parley/client'

/** What a node did in a second, and how it is. */
export type Figures = EventMap<BuiltIn>['metrics_update']

/** Figures of a quarter of an hour are kept, as long as the page is open. */
const maxKept = 900

/** The figures that have come in, by node, oldest first. */
export class FiguresStore {
  readonly #byNode = new Map<string, readonly Figures[]>()
  readonly #listeners = new Set<() => void>()
  #nodes: readonly string[] = []
  #problem: string | undefined

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The same array until a node comes. */
  readonly nodes = (): readonly string[] => this.#nodes

  /** Why none come. */
  readonly problem = (): string | undefined => this.#problem

  /** The same array until figures of the node come. */
  of(node: string | undefined): readonly Figures[] {
    return (node === undefined ? undefined : this.#byNode.get(node)) ?? none
  }

  add(figures: Figures): void {
    const { node } = figures
    const known = this.#byNode.get(node) ?? none
    this.#byNode.set(node, [...known.slice(known.length >= maxKept ? 1 : 0), figures])
    if (known.length === 0) this.#nodes = [...this.#byNode.keys()].sort()
    this.#problem = undefined
    this.#tell()
  }

  fail(problem: string): void {
    this.#problem = problem
    this.#tell()
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

const none: readonly Figures[] = []
