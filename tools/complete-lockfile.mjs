// Adds to package-lock.json the optional packages of other platforms which npm left out because the registry
// in use does not carry them. Without them `npm ci` refuses the lockfile, here and on those platforms.
// Run it after `npm install <something>`; the check of names and sizes says when it is needed.
import { readFileSync, writeFileSync } from 'node:fs'
import { findMissing } from './form/lockfile.mjs'

const file = 'package-lock.json'
const lock = JSON.parse(readFileSync(file, 'utf8'))
const missing = findMissing(lock.packages)

for (const { name, version, parent } of missing) {
  const { cpu, libc, os } = platformOf(name)
  // In npm's order; what is undefined is not written.
  lock.packages[`node_modules/${name}`] = {
    version,
    cpu,
    dev: lock.packages[parent].dev,
    libc,
    optional: true,
    os,
  }
  console.log(`${name}@${version}`)
}

const byPath = ([a], [b]) => a.localeCompare(b, 'en')
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(byPath))
if (missing.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${missing.length} packages added.`)

/** What the names of platform packages say, as in `binding-linux-arm64-musl`. */
function platformOf(name) {
  const words = name.split(/[/-]/)
  const known = (...choices) => choices.filter((choice) => words.includes(choice))
  const os = known(
    'aix',
    'android',
    'darwin',
    'freebsd',
    'linux',
    'netbsd',
    'openbsd',
    'openharmony',
    'sunos',
    'win32',
  )
  const cpu = known(
    'arm',
    'arm64',
    'ia32',
    'loong64',
    'mips64el',
    'ppc64',
    'riscv64',
    's390x',
    'wasm32',
    'x64',
  )
  const libc = os[0] === 'linux' ? (words.some((word) => word.startsWith('musl')) ? ['musl'] : ['glibc']) : []
  if (os.length !== 1 && cpu[0] !== 'wasm32') throw new Error(`${name} does not tell its platform.`)
  return { cpu: someOf(cpu), libc: someOf(libc), os: someOf(os) }
}

function someOf(list) {
  return list.length > 0 ? list : undefined
}
