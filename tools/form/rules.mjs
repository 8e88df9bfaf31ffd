// What a file may look like, beyond what the linter sees. Each rule gets a path and its text
// and returns what is wrong with it, or nothing.

import { findMissing } from './lockfile.mjs'

const isCode = (path) => /\.(ts|tsx|mjs|js)$/.test(path)
const isTest = (path) => /\.(test|test-d)\.tsx?$/.test(path) || path.startsWith('tests/')
const linesOf = (text) => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

const entries = [
  /^packages\/[^/]+\/src\/index\.tsx?$/,
  /^packages\/kernel\/src\/(memory|simulation|testing)\/index\.ts$/,
  /^packages\/modules\/src\/[^/]+\/index\.ts$/,
]

export const rules = {
  'file-size': (path, text) => {
    if (!isCode(path)) return
    const limit = isTest(path) ? 600 : 400
    const lines = linesOf(text)
    if (lines > limit) return `${lines} lines, at most ${limit}: give a part of it a file and a name.`
  },

  'file-name': (path) => {
    const name = path.split('/').at(-1).replace(/\..*$/, '')
    const vague = /^(utils?|helpers?|managers?|commons?|misc|types|interfaces|constants|base|impl)$/
    if (isCode(path) && vague.test(name)) return `"${name}" does not say what is inside.`
  },

  'folder-name': (path) => {
    const vague = path
      .split('/')
      .slice(0, -1)
      .find((name) => /^(utils?|helpers?|commons?|misc|lib)$/.test(name))
    if (isCode(path) && vague) return `Folder "${vague}" does not say what is inside.`
  },

  'entry-only': (path) => {
    if (!/\/index\.tsx?$/.test(path) || !/^(packages|apps)\//.test(path)) return
    if (!entries.some((entry) => entry.test(path)))
      return 'index.ts is for the entries of packages and modules: import the file that holds the thing.'
  },

  'open-end': (path, text) => {
    // The brackets keep this line from matching itself.
    const found = isCode(path) && text.match(/\b(T[O]DO|F[I]XME|X[X]X)\b(?!\(#\d+\))/)
    if (found) return `${found[1]} needs the number of an issue: ${found[1]}(#12).`
  },

  lockfile: (path, text) => {
    if (path !== 'package-lock.json') return
    const missing = findMissing(JSON.parse(text).packages)
    if (missing.length > 0)
      return `npm left out ${missing.length} packages of other platforms: run node tools/complete-lockfile.mjs.`
  },

  'conflict-mark': (_path, text) => {
    if (/^(<{7}|>{7}) /m.test(text)) return 'A merge was left unfinished here.'
  },
}

/** A folder with more entries than this no longer fits one look. */
export const maxFolderEntries = 20
