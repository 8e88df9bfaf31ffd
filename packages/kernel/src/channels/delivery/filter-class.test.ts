import { type CompiledFilter, compileFilter } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Channel } from '../channel.ts'
import { Member } from '../member.ts'
import type { Outbox } from '../outbox.ts'
import { encodeEvent } from '../wire-text.ts'
import { FilterClass } from './filter-class.ts'

function join(filterClass: FilterClass): Member {
  const member = new Member({} as unknown as Outbox, {} as unknown as Channel, filterClass, 0)
  filterClass.add(member)
  return member
}

type Step = 'add' | 'remove' | 'begin' | 'finish'

function take(
  { filterClass, present }: { filterClass: FilterClass; present: Member[] },
  step: Step,
  pick: number,
): void {
  if (step === 'add') present.push(join(filterClass))
  if (step === 'begin') filterClass.underWay += 1
  if (step === 'finish' && filterClass.underWay > 0) filterClass.finished()
  if (step !== 'remove' || present.length === 0) return
  const [gone] = present.splice(pick % present.length, 1)
  // Once more changes nothing.
  for (let time = 0; time < 2; time++) filterClass.remove(gone as Member)
}

describe('the members of a class', () => {
  test('are those who came and have not gone, at the places they know', () => {
    const steps = fc.array(
      fc.constantFrom<Step[]>('add', 'add', 'add', 'remove', 'remove', 'begin', 'finish'),
      {
        maxLength: 120,
      },
    )
    fc.assert(
      fc.property(steps, fc.array(fc.nat(), { minLength: 120, maxLength: 120 }), (made, picks) => {
        const filterClass = new FilterClass(undefined, 0)
        const present: Member[] = []
        for (const [index, step] of made.entries()) {
          take({ filterClass, present }, step, picks[index] as number)
          expect(filterClass.size).toBe(present.length)
          for (const member of present) expect(filterClass.members[member.index]).toBe(member)
          if (filterClass.underWay === 0) expect(filterClass.members).toHaveLength(present.length)
        }
      }),
    )
  })

  test('keep their places while a delivery is under way', () => {
    const filterClass = new FilterClass(undefined, 0)
    const members = [join(filterClass), join(filterClass), join(filterClass)]
    filterClass.underWay += 1
    filterClass.remove(members[0] as Member)
    const late = join(filterClass)
    expect(filterClass.members).toEqual([undefined, members[1], members[2], late])
    filterClass.finished()
    expect(filterClass.members).toEqual([members[1], members[2], late])
  })
})

describe('matching', () => {
  const event = (offset: number, type: string, tags?: string) =>
    encodeEvent({ offset, type, data: '{"n":1}', at: 0, by: 'ann', ...(tags === undefined ? {} : { tags }) })

  test('everything goes to those without a filter, and is not looked at', () => {
    const events = [event(1, 'a'), encodeEvent({ offset: 2, type: 'b', data: 'no JSON', at: 0 })]
    expect(new FilterClass(undefined, 0).matching(events)).toBe(events)
  })

  test.each([
    [{ field: 'type', eq: 'a' }, [1, 3]],
    [{ field: 'tags.room', eq: 'x' }, [2]],
    [{ field: 'by', eq: 'ann' }, [1, 2, 3]],
    [{ field: 'data.n', gt: 1 }, []],
  ])('%j', (filter, offsets) => {
    const compiled = compileFilter(filter) as CompiledFilter
    const events = [event(1, 'a'), event(2, 'b', '{"room":"x"}'), event(3, 'a')]
    const matching = new FilterClass(compiled, 0).matching(events)
    expect(matching.map(({ stored }) => stored.offset)).toEqual(offsets)
  })
})
