// Optional packages that a lockfile should name and does not.

/** [{ name, version, parent }] for each optional dependency of an exact version that no entry provides. */
export function findMissing(packages) {
  const missing = new Map()
  for (const [parent, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (/^\d/.test(version) && !isProvided(packages, parent, name))
        missing.set(name, { name, version, parent })
    }
  }
  return [...missing.values()]
}

function isProvided(packages, parent, name) {
  for (let folder = parent; ; folder = folder.slice(0, folder.lastIndexOf('/'))) {
    if (packages[`${folder}${folder ? '/' : ''}node_modules/${name}`]) return true
    if (!folder.includes('/')) return Boolean(packages[`node_modules/${name}`])
  }
}
