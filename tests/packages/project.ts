import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

export interface Manifest {
  name: string
  private?: boolean
  exports?: Record<string, { types: string; default: string }>
  bin?: Record<string, string>
}

/** The packages that we publish, by folder. */
export function listPublic(): { folder: string; manifest: Manifest }[] {
  return ['packages', 'apps']
    .flatMap((group) => readdirSync(join(root, group)).map((name) => `${group}/${name}`))
    .map((folder) => ({ folder, manifest: readJson(join(root, folder, 'package.json')) as Manifest }))
    .filter(({ manifest }) => !manifest.private)
}

/** An empty folder outside of this checkout into which every package was installed from its tarball. */
export async function installPacked() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-packages-'))
  const tarballs = join(folder, 'tarballs')
  const project = join(folder, 'project')
  mkdirSync(tarballs)
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n')

  const workspaces = listPublic().map((each) => `--workspace=${each.folder}`)
  const packed = await run('npm', ['pack', '--json', `--pack-destination=${tarballs}`, ...workspaces], root)
  const files = readdirSync(tarballs).map((name) => join(tarballs, name))
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts']
  await run('npm', ['install', '--prefer-offline', ...quiet, ...files], project)
  return {
    project,
    contents: readContents(packed),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** npm's report, package name → paths in its tarball. npm 12 reports by name, npm 11 as a list. */
function readContents(report: string): Map<string, string[]> {
  const packed = Object.values(
    JSON.parse(report) as Record<string, { name: string; files: { path: string }[] }>,
  )
  return new Map(packed.map(({ name, files }) => [name, files.map(({ path }) => path)]))
}

/** Runs a command as somebody would who does not know this checkout; resolves to what it printed. */
export function run(command: string, args: string[], cwd: string): Promise<string> {
  const { NODE_OPTIONS: _, ...env } = process.env
  return new Promise((done, fail) => {
    execFile(command, args, { cwd, env, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      if (error) fail(new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`))
      else done(stdout)
    })
  })
}

export const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
