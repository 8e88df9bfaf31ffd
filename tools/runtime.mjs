// The Node that the project runs on. A machine with an older one gets it once, into `.node/`, from npm.
// Plain JavaScript for Node 18 and newer, without dependencies: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { superviseProcess } from './process.mjs'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

const oldestMajor = 24
const pinned = '24.21.0'
const home = join(root, '.node')
const binaryOf = (folder) => join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
const binary = binaryOf(home)

/** True when the running Node can run the sources as they are. */
const isNewEnough = () => Number(process.versions.node.split('.')[0]) >= oldestMajor

/** Goes on when Node is new enough; otherwise runs the same command by a newer one and ends with its exit code. */
export async function ensureRuntime() {
  if (isNewEnough()) return
  if (!hasPinned()) fetchPinned()
  process.exit(await superviseProcess(binary, process.argv.slice(1), { env: withPinnedFirst(process.env) }))
}

function hasPinned() {
  try {
    const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
    return version === pinned && existsSync(binary)
  } catch {
    return false
  }
}

/** Names as on npm, where one of them differs from the pattern. */
function packageName() {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const name = `${platform}-${process.arch}`
  return name === 'darwin-arm64' ? `node-bin-${name}` : `node-${name}`
}

/** npm unpacks into a folder of this process; one rename makes it visible, so that two first starts do not collide. */
function fetchPinned() {
  const name = packageName()
  console.error(`Parley runs on Node ${oldestMajor}; this is ${process.version}.`)
  console.error(`Fetching ${name}@${pinned} into .node/ (once).`)
  const workshop = join(root, `.node-${process.pid}`)
  mkdirSync(workshop, { recursive: true })
  try {
    writeFileSync(join(workshop, 'package.json'), '{ "private": true }\n')
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
    const stdio = ['ignore', 'ignore', 'inherit']
    runNpm(['install', ...flags, `--prefix=${workshop}`, `${name}@${pinned}`], { cwd: workshop, stdio })
    const fetched = join(workshop, 'node_modules', name)
    if (works(fetched)) settle(fetched, join(workshop, 'old'))
  } finally {
    rmSync(workshop, { recursive: true, force: true })
  }
  if (hasPinned()) return
  console.error(
    `That did not work. Install Node ${oldestMajor} or newer (https://nodejs.org), or see to it that`,
  )
  console.error('npm reaches its registry, and try again.')
  process.exit(1)
}

/** A system may be of another kind than its name says (musl instead of glibc). */
const works = (folder) =>
  spawnSync(binaryOf(folder), ['--version']).stdout?.toString().trim() === `v${pinned}`

function settle(fetched, attic) {
  if (hasPinned()) return
  try {
    if (existsSync(home)) renameSync(home, attic)
    renameSync(fetched, home)
  } catch (error) {
    if (!hasPinned()) throw error // otherwise another start was quicker, with the same content
  }
}

/** Runs npm by the Node of this process: the pinned Node brings no npm of its own. */
export function runNpm(args, options = {}) {
  const env = { ...(options.env ?? process.env) }
  const settings = { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options, env }
  const npm = process.env.npm_execpath
  if (npm && /npm-cli\.[cm]?js$/.test(npm)) return spawnSync(process.execPath, [npm, ...args], settings)
  return spawnSync('npm', args, { ...settings, shell: process.platform === 'win32' })
}

function withPinnedFirst(env) {
  const separator = process.platform === 'win32' ? ';' : ':'
  return { ...env, PATH: `${dirname(binary)}${separator}${env.PATH ?? ''}` }
}
