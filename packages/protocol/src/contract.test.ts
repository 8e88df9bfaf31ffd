import { expect, test } from 'vitest'
import { command, defineContract, event } from './contract.ts'
import type { Schema } from './schema.ts'

const text: Schema<string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => (typeof value === 'string' ? { value } : { issues: [{ message: 'A text.' }] }),
  },
}

test('a contract is data: what is declared can be listed', () => {
  const send = {
    summary: 'Sends.',
    input: text,
    output: text,
    permission: 'anyone',
    rest: 'POST /messages',
  } as const
  const contract = defineContract({
    name: 'chat',
    summary: 'Rooms.',
    commands: { send: command(send) },
    events: { 'chat.sent': event('A message.', text) },
  })
  expect(contract).toEqual({
    name: 'chat',
    summary: 'Rooms.',
    commands: { send },
    events: { 'chat.sent': { summary: 'A message.', data: text } },
  })
  expect(contract.commands.send.input).toBe(text)
})
