import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

// Tests run the sources, in worker threads and child processes of the tests as well.
const source = {
  resolve: { conditions: ['parley-source', ...defaultClientConditions] },
  ssr: { resolve: { conditions: ['parley-source', ...defaultServerConditions] } },
}

const project = (name: string, include: string[], seconds: number, together = false) => ({
  ...source,
  test: {
    name,
    include,
    exclude: ['**/node_modules/**', '**/dist/**'],
    environment: 'node' as const,
    pool: 'forks' as const,
    execArgv: ['--conditions=parley-source'],
    testTimeout: seconds * 1000,
    hookTimeout: Math.max(seconds, 30) * 1000,
    fileParallelism: together,
    // On a busy machine a second is nothing.
    expect: { poll: { timeout: seconds * 500 } },
  },
})

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project(
        'unit',
        [
          'packages/*/src/**/*.test.{ts,tsx}',
          'examples/**/*.test.ts',
          '{apps/*,bench}/src/**/*.test.{ts,tsx}',
          'tests/simulation/**/*.test.ts',
        ],
        20,
        true,
      ),
      project('fences', ['tests/{fences,tools,docs,fault-proxy,link-health}/**/*.test.ts'], 60),
      project('packages', ['tests/packages/**/*.test.ts'], 180),
      project('e2e', ['tests/{e2e,chaos,compatibility}/**/*.test.ts'], 120, true),
      project('browser', ['tests/browser/**/*.test.ts'], 60),
    ],
    coverage: {
      provider: 'v8',
      reportsDirectory: 'coverage',
      reporter: ['text-summary', 'html', 'json-summary'],
      include: ['packages/{kernel,protocol}/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.test-d.ts'],
      thresholds: {
        'packages/kernel/src/**': { lines: 90, branches: 90 },
        'packages/protocol/src/**': { lines: 90, branches: 90 },
      },
    },
  },
})
