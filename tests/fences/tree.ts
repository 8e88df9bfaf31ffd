import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

/** A folder with the package.json files of the project, stubs for the libraries, and the given files. */
export function plantTree(files: Record<string, string>, libraries: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-fences-'))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  write('package.json', '{ "name": "planted", "private": true, "type": "module" }')
  for (const group of ['packages', 'apps']) {
    for (const name of readdirSync(join(root, group))) {
      write(`${group}/${name}/src/.keep`, '')
      cpSync(join(root, group, name, 'package.json'), join(folder, group, name, 'package.json'))
      linkPackage(folder, group, name)
    }
  }
  for (const name of libraries) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }))
    write(`node_modules/${name}/index.js`, 'export const it = 1\n')
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

function linkPackage(folder: string, group: string, name: string) {
  mkdirSync(join(folder, 'node_modules/@parley'), { recursive: true })
  symlinkSync(join(folder, group, name), join(folder, 'node_modules/@parley', name), 'junction')
}

/** Runs one of the project's checks over a folder. */
export function runCheck(tool: string, folder: string): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [join(root, 'tools', tool), folder], (error, stdout, stderr) => {
      done({ code: error ? Number(error.code) : 0, output: `${stderr}${stdout}` })
    })
  })
}
