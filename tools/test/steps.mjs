// What `npm test` does, in order. Steps of the first group run two at a time, the others alone, since they measure
// time or use both cores themselves.
import { command, vitest } from './run.mjs'

const bin = (path) => `node_modules/${path}`

/** `needs`: steps that have to pass before. `whole`: nothing of it runs without its program (system.mjs). */
export const steps = [
  {
    name: 'lint',
    title: 'Format and lint (Biome)',
    group: 'static',
    run: command(bin('@biomejs/biome/bin/biome'), 'ci', '--error-on-warnings', '--colors=off'),
  },
  {
    name: 'types',
    title: 'Types (tsc)',
    group: 'static',
    run: command(bin('typescript/bin/tsc'), '-b', '--pretty', 'false'),
  },
  {
    name: 'boundaries',
    title: 'Direction of imports',
    group: 'static',
    run: command('tools/check-boundaries.mjs'),
  },
  { name: 'form', title: 'Names and sizes of files', group: 'static', run: command('tools/check-form.mjs') },
  {
    name: 'unused',
    title: 'Unused code and dependencies (knip)',
    group: 'static',
    run: command(bin('knip/bin/knip.js'), '--no-progress'),
  },
  { name: 'build', title: 'Build (tsc -b, vite build)', group: 'static', run: command('tools/build.mjs') },
  {
    name: 'size',
    title: 'Size of the client core',
    group: 'static',
    run: command('tools/check-client-size.mjs'),
  },
  { name: 'fences', title: 'Fences report what is planted; tools', run: vitest('fences') },
  { name: 'unit', title: 'Unit and conformance tests, coverage', run: vitest('unit', '--coverage') },
  {
    name: 'packages',
    title: 'Packed packages in an empty project',
    needs: ['build'],
    run: vitest('packages'),
  },
  { name: 'e2e', title: 'End to end', needs: ['build'], run: vitest('e2e') },
  { name: 'browser', title: 'Browser', whole: true, needs: ['build'], run: vitest('browser') },
]
