import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CompiledFilter,
  compileFilter,
  type Filter,
  type FilterSubject,
  filterLimits,
} from './filter.ts'

const field = fc.constantFrom('type', 'by', 'tags.a', 'tags.b', 'data.x', 'data.x.y', 'data.z')
const scalar = fc.oneof(
  fc.constantFrom('a', 'b', '', 0, 1, -0, 1.5, true, false, null),
  fc.string({ unit: 'binary', maxLength: 8 }),
)
const order = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom('a', 'b', ''))

const comparison = fc
  .tuple(
    field,
    fc.record(
      {
        eq: scalar,
        ne: scalar,
        gt: order,
        gte: order,
        lt: order,
        lte: order,
        in: fc.array(scalar, { maxLength: 4 }),
        prefix: fc.constantFrom('', 'a', 'b'),
        exists: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([name, operators]) => ({
    field: name,
    ...(Object.keys(operators).length === 0 ? { exists: true } : operators),
  }))

/** At most 3 levels of at most 3 members: within the limits. */
const anyFilter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    comparison,
    fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie('filter').map((not) => ({ not })),
  ),
})).filter

const subject: fc.Arbitrary<FilterSubject> = fc.record(
  {
    type: fc.constantFrom('a', 'b', ''),
    by: fc.constantFrom('a', 'b'),
    tags: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('a', 'b'), { noNullPrototype: false }),
    data: fc.oneof(
      fc.jsonValue(),
      fc.record({ x: fc.oneof(scalar, fc.record({ y: scalar })), z: scalar }, { requiredKeys: [] }),
    ),
  },
  { requiredKeys: ['type', 'data'] },
)

function compile(filter: unknown): CompiledFilter {
  const compiled = compileFilter(filter)
  if (typeof compiled === 'string') throw new Error(`${compiled} ${JSON.stringify(filter)}`)
  return compiled
}

/** The same filter in another order: keys, members and list items turned round. */
function turned(filter: Filter): Filter {
  if ('all' in filter) return { all: filter.all.map(turned).reverse() }
  if ('any' in filter) return { any: filter.any.map(turned).reverse() }
  if ('not' in filter) return { not: turned(filter.not) }
  const entries = Object.entries(filter).reverse()
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Array.isArray(value) ? [...value].reverse() : value]),
  ) as unknown as Filter
}

describe('any filter', () => {
  test('compiles or gets a sentence, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.anything(), anyFilter), subject, (filter, event) => {
        const compiled = compileFilter(filter)
        if (typeof compiled === 'string') expect(compiled).toMatch(/^\S.*\.$/s)
        else expect(compiled.matches(event)).toBeTypeOf('boolean')
      }),
      { numRuns: 3_000 },
    )
  })

  test('has the same canonical form and the same verdict in any order', () => {
    fc.assert(
      fc.property(anyFilter, subject, (filter, event) => {
        const [a, b] = [compile(filter), compile(turned(filter))]
        expect(b.canonical).toBe(a.canonical)
        expect(b.matches(event)).toBe(a.matches(event))
      }),
      { numRuns: 2_000 },
    )
  })

  test('of equal canonical form gives equal verdicts', () => {
    fc.assert(
      fc.property(anyFilter, anyFilter, subject, (a, b, event) => {
        const [x, y] = [compile(a), compile(b)]
        if (x.canonical === y.canonical) expect(x.matches(event)).toBe(y.matches(event))
      }),
      { numRuns: 2_000 },
    )
  })

  test('obeys the laws of logic', () => {
    fc.assert(
      fc.property(anyFilter, anyFilter, subject, (a, b, event) => {
        const says = (filter: Filter) => compile(filter).matches(event)
        expect(says({ not: a })).toBe(!says(a))
        expect(says({ all: [a, b] })).toBe(says(a) && says(b))
        expect(says({ any: [a, b] })).toBe(says(a) || says(b))
      }),
    )
  })
})

describe('a comparison', () => {
  const says = (filter: unknown, data: unknown) => compile(filter).matches({ type: 't', data })

  test('holds when all its operators hold', () => {
    const filter = { field: 'data.n', gt: 1, lte: 3, ne: 2 }
    expect([1, 2, 2.5, 3, 4].map((n) => says(filter, { n }))).toEqual([false, false, true, true, false])
  })

  test('keeps to own fields', () => {
    expect(says({ field: 'data.toString', exists: true }, {})).toBe(false)
    expect(says({ field: 'data.__proto__.x', eq: 1 }, JSON.parse('{"__proto__":{"x":1}}'))).toBe(true)
  })

  test('takes 0 and -0 for the same', () => {
    expect(compile({ field: 'data.n', eq: 0 }).canonical).toBe(compile({ field: 'data.n', eq: -0 }).canonical)
    expect(says({ field: 'data.n', in: [-0] }, { n: 0 })).toBe(true)
  })

  test('takes no endless number', () => {
    expect(compileFilter({ field: 'data.n', eq: Number.POSITIVE_INFINITY })).toBeTypeOf('string')
    expect(compileFilter({ field: 'data.n', lt: Number.NaN })).toBeTypeOf('string')
  })
})

describe('limits', () => {
  const leaf = { field: 'type', eq: 'x' }

  test('parts', () => {
    const { maxNodes } = filterLimits
    expect(compileFilter({ any: Array(maxNodes - 1).fill(leaf) })).toBeTypeOf('object')
    expect(compileFilter({ any: Array(100_000).fill(leaf) })).toBe(`A filter has at most ${maxNodes} parts.`)
  })

  test('depth', () => {
    const nest = (levels: number): unknown => (levels === 0 ? leaf : { not: nest(levels - 1) })
    expect(compileFilter(nest(filterLimits.maxDepth))).toBeTypeOf('object')
    expect(compileFilter(nest(filterLimits.maxDepth + 1))).toMatch(/levels deep/)
    expect(compileFilter(nest(5_000))).toMatch(/levels deep/)
  })

  test('the answer does not repeat what was sent at length', () => {
    const key = 'x'.repeat(60_000)
    for (const operand of [1, true, {}, 'text']) {
      const problem = compileFilter({ field: 'type', [key]: operand })
      expect(problem).toMatch(/^There is no operator/)
      expect((problem as string).length).toBeLessThan(200)
    }
  })
})
