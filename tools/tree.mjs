// Lists the files of the project. Plain JavaScript for Node 18 and newer.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const skipped = new Set(['node_modules', 'dist', 'coverage', 'test-results'])
/** What a server keeps where it is started. */
const kept = 'data'

/** Paths of all files below the folders, relative to root, with `/`, sorted; hidden and produced folders left out. */
export function listFiles(root, folders = ['.']) {
  const files = []
  const visit = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '.' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name) && !entry.name.startsWith('.') && path !== kept) visit(path)
      } else files.push(path)
    }
  }
  for (const folder of folders) visit(folder)
  return files.sort()
}

/** TypeScript sources and tests of packages, applications, benchmarks and tests that cross packages. */
export function listSources(root) {
  return listFiles(root).filter(
    (path) => /^((packages|apps)\/[^/]+\/src|bench|tests)\/.*\.tsx?$/.test(path) && !path.endsWith('.d.ts'),
  )
}

/** Folders of the packages that `tsc -b` builds. */
export function listBuilt(root) {
  const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'))
  return references.map(({ path }) => dirname(path))
}
