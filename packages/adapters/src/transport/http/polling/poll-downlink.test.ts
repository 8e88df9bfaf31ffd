import { VirtualClock } from '@parley/kernel/testing'
import { expect, test } from 'vitest'
import type { HttpLink } from '../link.ts'
import { JoinedLines } from './joined-lines.ts'
import { gatherMs, PollDownlink } from './poll-downlink.ts'
import { Pulse } from './pulse.ts'

/** A link that only counts. */
function stage() {
  const clock = new VirtualClock()
  const told = { drained: 0, over: 0 }
  const link = {
    heard: () => undefined,
    drained() {
      told.drained += 1
    },
    over() {
      told.over += 1
    },
  }
  const downlink = new PollDownlink(link as unknown as HttpLink, 'hello', {
    ...{ pauseMs: 0, absenceMs: 10_000, clock },
    ...{ pulse: new Pulse(clock, gatherMs), joined: new JoinedLines() },
  })
  const answers: string[] = []
  const poll = (ack: number, waitMs = 25_000) =>
    downlink.poll(ack, waitMs, {
      respond: ({ own, shared }) => void answers.push(own + (shared?.text ?? '')),
    })
  const events = (name: string) => downlink.send({ text: `{"op":"events","channel":"${name}"}` })
  return { clock, downlink, answers, poll, events, told }
}

async function opened() {
  const made = stage()
  made.poll(0)
  made.downlink.send({ text: '{"op":"reply","id":1}' })
  await made.clock.settle()
  expect(made.answers.splice(0)).toEqual(['{"op":"poll","seq":1}\nhello\n{"op":"reply","id":1}'])
  await made.clock.advance(1_000)
  return made
}

test('the first event after a silence comes at once, those that follow quickly come together', async () => {
  const { clock, answers, poll, events } = await opened()
  poll(1)
  events('a')
  await clock.settle()
  expect(answers).toEqual(['{"op":"poll","seq":2}\n{"op":"events","channel":"a"}'])
  await clock.advance(5)
  events('b')
  poll(2)
  await clock.advance(5)
  events('c')
  await clock.advance(14)
  expect(answers).toHaveLength(1)
  await clock.advance(1)
  expect(answers[1]).toBe(
    '{"op":"poll","seq":3}\n{"op":"events","channel":"b"}\n{"op":"events","channel":"c"}',
  )
})

test('a reply waits for nothing, and takes along what does', async () => {
  const { clock, answers, downlink, poll, events } = await opened()
  poll(1)
  events('a')
  await clock.settle()
  poll(2)
  events('b')
  await clock.settle()
  expect(answers).toHaveLength(1)
  downlink.send({ text: '{"op":"reply","id":2}' })
  await clock.settle()
  expect(answers[1]).toBe('{"op":"poll","seq":3}\n{"op":"events","channel":"b"}\n{"op":"reply","id":2}')
  await clock.advance(100)
  expect(answers).toHaveLength(2)
})

test('much waits for nothing; a poll that is not held is answered with what there is', async () => {
  const { clock, answers, poll, events } = await opened()
  poll(1)
  events('a')
  await clock.settle()
  poll(2)
  events('b'.repeat(20_000))
  await clock.settle()
  expect(answers).toHaveLength(2)
  events('c')
  poll(3, 0)
  await clock.advance(1)
  expect(answers[2]).toBe('{"op":"poll","seq":4}\n{"op":"events","channel":"c"}')
})

test('who does not ask again in time is gone, and nothing is left to wait for', async () => {
  const { clock, downlink, poll, events, told } = await opened()
  poll(1)
  events('a')
  await clock.advance(9_999)
  expect(told.over).toBe(0)
  await clock.advance(2)
  expect(told.over).toBe(1)
  events('b')
  downlink.destroy()
  // That of all links.
  await clock.advance(gatherMs)
  expect(clock.pendingTimers).toBe(0)
})
