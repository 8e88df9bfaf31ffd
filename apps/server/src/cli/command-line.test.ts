import { expect, test } from 'vitest'
import { parseCommandLine } from './command-line.ts'
import { commands } from './commands.ts'
import { processTerminal } from './terminal.ts'
import { newFolder, parley } from './testing/scripted-terminal.ts'

const terminal = processTerminal()
const parse = (...args: string[]) => {
  const { command, asksHelp, invocation } = parseCommandLine(args, commands, terminal)
  const { words, sources, isJson } = invocation
  return { name: command.name, asksHelp, words, flags: sources.flags, isJson, option: invocation.option }
}

test('command lines are taken apart', () => {
  expect(parse()).toMatchObject({ name: 'serve', words: [], flags: [] })
  expect(parse('--port', '1', '--debugging', '--host=x', 'serve')).toMatchObject({
    name: 'serve',
    flags: [
      ['port', '1'],
      ['debugging', 'true'],
      ['host', 'x'],
    ],
  })
  expect(parse('--data-dir', './d', 'backup', 'copy')).toMatchObject({
    name: 'backup',
    words: ['copy'],
    flags: [['data-dir', './d']],
  })
  expect(parse('publish', '--debugging', 'chat:a', 'hello', '--no-monitoring', '-j')).toMatchObject({
    name: 'publish',
    words: ['chat:a', 'hello'],
    flags: [
      ['debugging', 'true'],
      ['no-monitoring', 'true'],
    ],
    isJson: true,
  })
  expect(parse('publish', 'chat:a', '--', '--not-an-option').words).toEqual(['chat:a', '--not-an-option'])
  expect(parse('publish', 'chat:a', '-1').words).toEqual(['chat:a', '-1'])
  expect(parse('call', 'auth.whoami', '--url=http://x').option('url')).toBe('http://x')
  expect(parse('tail', '--help')).toMatchObject({ name: 'tail', asksHelp: true })
})

test('what is not understood is named, with what was likely meant', () => {
  for (const [args, problem] of [
    [['sevre'], 'There is no command `sevre`; did you mean `serve`?'],
    [['backup'], '`backup` needs a folder to write, as parley-backup: parley backup FOLDER'],
    [['backup', 'copy', 'twice'], '`twice` is one word too many'],
    [['serve', 'twice'], '`twice` is one word too many'],
    [['-x'], '`-x` is neither an option nor a setting'],
    [['tail', 'chat:a', '--recent'], '--recent needs a value: --recent N'],
    [['tail', 'chat:a', '--count', '1', '--count', '2'], '--count is given twice'],
    [['migrate', '--chekc'], '--chekc is no option of `migrate`. Did you mean --check?'],
    [['nonsense'], 'There is no command `nonsense`. See parley --help.'],
    [['completion', 'bash', '--jsno'], '--jsno is no option of `completion`. Did you mean --json?'],
  ] as const)
    expect(() => parse(...args)).toThrow(problem)
})

test('every command explains itself, and the program lists every command', async () => {
  const folder = newFolder()
  const { out: all } = await parley(folder, ['--help'])
  for (const { name, summary } of commands) {
    expect(all).toContain(`parley ${name}`)
    expect(all).toContain(summary)
    for (const args of [
      [name, '--help'],
      ['help', name],
      ['-h', name],
    ]) {
      const { code, out } = await parley(folder, args)
      expect(code).toBe(0)
      for (const part of [summary, 'Options', 'Examples', 'Exit codes', '--json']) expect(out).toContain(part)
    }
  }
})

test('errors are JSON for programs, and exit codes tell what kind they are', async () => {
  const folder = newFolder('port: x\n')
  const wrong = await parley(folder, ['check-config', '--json'])
  expect(wrong.code).toBe(2)
  expect(JSON.parse(wrong.err)).toMatchObject({
    error: { code: 'configuration', mistakes: [{ key: 'port', source: 'parley.yaml:1' }] },
  })
  const unknown = await parley(folder, ['sevre', '--json'])
  expect(unknown.code).toBe(2)
  expect(JSON.parse(unknown.err)).toMatchObject({ error: { code: 'usage' } })
})
