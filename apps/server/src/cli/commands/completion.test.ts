import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commands } from '../commands.ts'
import { newFolder, parley } from '../testing/scripted-terminal.ts'

const folder = newFolder()
const scriptFor = async (shell: string) => (await parley(folder, ['completion', shell])).out

/** What bash offers for the last word of a line. */
async function offered(...words: string[]): Promise<readonly string[]> {
  const list = words.map((word) => `'${word}'`).join(' ')
  const ask = `COMP_WORDS=(parley ${list}); COMP_CWORD=${words.length}; _parley; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', `${await scriptFor('bash')}\n${ask}`], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  return stdout.split('\n').filter((line) => line !== '')
}

test('bash completes commands, options, settings and values', async () => {
  expect(await offered('')).toEqual(expect.arrayContaining(commands.map(({ name }) => name)))
  expect(await offered('ta')).toEqual(['tail'])
  expect(await offered('tail', '--rec')).toEqual(['--recent'])
  expect(await offered('serve', '--storage')).toEqual(['--storage-provider'])
  expect(await offered('keys', '')).toEqual(['list', 'new', 'new-app'])
  expect(await offered('keys', 'new', '--algorithm', 'E')).toEqual(['EdDSA'])
})

test('the scripts name every command and option, for each shell', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const script = await scriptFor(shell)
    for (const { name, options = [] } of commands)
      for (const text of [name, ...options.map((option) => option.name)]) expect(script).toContain(text)
    const file = join(folder, shell)
    writeFileSync(file, script)
    const check = { bash: ['-n'], zsh: ['-n'], fish: ['--no-execute'] }[shell] as string[]
    const { error, status, stderr } = spawnSync(shell, [...check, file], { encoding: 'utf8' })
    // Not every machine has every shell.
    if (error === undefined) expect(`${status} ${stderr}`).toBe('0 ')
  }
})

test('other shells are refused', async () => {
  expect(await parley(folder, ['completion', 'tcsh'])).toMatchObject({
    code: 2,
    err: 'There is no completion for `tcsh`: bash, zsh or fish.',
  })
  expect(JSON.parse((await parley(folder, ['completion', 'fish', '--json'])).out)).toMatchObject({
    shell: 'fish',
  })
})
