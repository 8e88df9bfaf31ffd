// Programs of the system that tests need. Debian and Ubuntu get them when we may install; elsewhere tests skip.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** command → the package of Debian and Ubuntu that brings it, and the steps that use it. */
const programs = {
  chromium: { apt: 'chromium', steps: ['browser'] },
  haproxy: { apt: 'haproxy', steps: ['e2e'] },
  nginx: { apt: 'nginx-light', steps: ['e2e'] },
  openssl: { apt: 'openssl', steps: ['e2e'] },
  strace: { apt: 'strace', steps: ['e2e'] },
  faketime: { apt: 'faketime', steps: ['e2e'] },
  prometheus: { apt: 'prometheus', steps: ['e2e'] },
}

/** Installs what the steps need and this machine lacks, where possible; returns command → steps of what stays absent. */
export function provideSystem(steps) {
  const needed = Object.entries(programs).filter(([, program]) =>
    program.steps.some((name) => steps.includes(name)),
  )
  const absent = () => needed.filter(([command]) => !isOnPath(command))
  if (absent().length > 0 && isOnPath('apt-get') && process.getuid?.() === 0) {
    install(absent().map(([, { apt }]) => apt))
  }
  return new Map(absent().map(([command, program]) => [command, program.steps]))
}

function install(packages) {
  console.log(`Installing ${packages.join(', ')} (apt-get).`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const run = (...args) => spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  run('update', '-qq')
  run('install', '-y', '-qq', '--no-install-recommends', ...packages)
}

export const isOnPath = (command) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)))
