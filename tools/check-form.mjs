// Checks names, sizes and the like over all files of the project (tools/form/rules.mjs).
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { maxFolderEntries, rules } from './form/rules.mjs'
import { listFiles } from './tree.mjs'

const root = resolve(process.argv[2] ?? '.')
const files = listFiles(root).filter((path) =>
  /\.(ts|tsx|mjs|js|json|jsonc|md|css|html|py|ya?ml)$/.test(path),
)
const found = []

for (const path of files) {
  const text = readFileSync(join(root, path), 'utf8')
  for (const [name, rule] of Object.entries(rules)) {
    const complaint = rule(path, text)
    if (complaint) found.push(`${path}\n  ${name}: ${complaint}`)
  }
}

for (const [folder, count] of countEntries(files)) {
  if (count > maxFolderEntries)
    found.push(
      `${folder}\n  folder-size: ${count} entries, at most ${maxFolderEntries}: make groups of them.`,
    )
}

for (const complaint of found) console.error(complaint)
console.log(`${files.length} files, ${Object.keys(rules).length + 1} rules, ${found.length} violations.`)
if (found.length > 0 || files.length === 0) process.exitCode = 1

/** Entries of each source folder; a file and its tests count once. */
function countEntries(paths) {
  const folders = new Map()
  for (let path of paths.filter((path) => /^(packages|apps)\/[^/]+\/src\//.test(path))) {
    path = path.replace(/\.(test|test-d)\.tsx?$/, '.ts')
    for (let folder = dirname(path); folder.includes('/src'); path = folder, folder = dirname(folder)) {
      if (!folders.has(folder)) folders.set(folder, new Set())
      folders.get(folder).add(path)
    }
  }
  return [...folders].map(([folder, entries]) => [folder, entries.size])
}
