import { beforeAll, describe, expect, test } from 'vitest'
import { forbidden } from '../../tools/boundaries/rules.mjs'
import { plantTree, runCheck } from './tree.ts'

/** A small tree that follows every rule. */
const lawful: Record<string, string> = {
  'packages/protocol/src/index.ts': "export { frame } from './frame.ts'\n",
  'packages/protocol/src/frame.ts': 'export const frame = 1\nexport type Frame = number\n',
  'packages/kernel/src/index.ts': "export { node } from './node.ts'\n",
  'packages/kernel/src/node.ts':
    "import type { Store } from './ports/store.ts'\nexport const node: Store = 1\n",
  'packages/kernel/src/ports/store.ts':
    "import type { Frame } from '@parley/protocol'\nexport type Store = Frame\n",
  'packages/kernel/src/testing/index.ts': "import { node } from '../node.ts'\nexport const suite = node\n",
  'packages/modules/src/index.ts': "export { chat } from './chat/index.ts'\n",
  'packages/modules/src/contracts.ts': "export { contract } from './chat/contract.ts'\n",
  'packages/modules/src/chat/contract.ts':
    "import { frame } from '@parley/protocol'\nimport { it } from 'zod'\nexport const contract = [frame, it]\n",
  'packages/modules/src/chat/index.ts':
    "import { node } from '@parley/kernel'\nimport { contract } from './contract.ts'\nexport const chat = [node, contract]\n",
  'packages/modules/src/chat/chat.test.ts':
    "import { chat } from './index.ts'\nimport { node } from './testing/chat-node.ts'\nnode\nchat\n",
  'packages/modules/src/chat/testing/chat-node.ts':
    "import { token } from '@parley/adapters/token/jwt'\nimport { suite } from '@parley/kernel/testing'\nexport const node = [suite, token]\n",
  'packages/modules/src/audit/index.ts':
    "import { contract } from '../chat/contract.ts'\nexport const audit = contract\n",
  'packages/adapters/src/token/jwt.ts':
    "import { node } from '@parley/kernel'\nimport { it } from 'jose'\nexport const token = [node, it]\n",
  'packages/adapters/src/transport/websocket.ts':
    "import { node } from '@parley/kernel'\nimport { part } from './websocket/part.ts'\nexport const socket = [node, part]\n",
  'packages/adapters/src/transport/websocket/part.ts':
    "import { createServer } from 'node:http'\nexport const part = createServer\n",
  'packages/adapters/src/transport/websocket/handshake.ts': 'export const handshake = 1\n',
  'packages/adapters/src/transport/sse.ts':
    "import { handshake } from './websocket/handshake.ts'\nexport const sse = handshake\n",
  'packages/client/src/index.ts':
    "import type { contract } from '@parley/modules/contracts'\nimport { frame } from '@parley/protocol'\nexport const client: typeof contract = frame\n",
  'packages/client/src/client.test.ts':
    "import { test } from 'vitest'\nimport { client } from './index.ts'\ntest('x', () => client)\n",
  'packages/react/src/index.ts':
    "import { client } from '@parley/client'\nimport { it } from 'react'\nexport const hook = [client, it]\n",
  'apps/server/src/main.ts':
    "import { socket } from '@parley/adapters/transport/websocket'\nimport { chat } from '@parley/modules'\nsocket\nchat\n",
  'packages/kernel/src/channel.ts':
    "import { member } from './member.ts'\nexport interface Channel { a: 1 }\nexport const channel = member\n",
  'packages/kernel/src/member.ts':
    "import type { Channel } from './channel.ts'\nexport const member = (channel: Channel) => channel\n",
  'apps/workspace/src/main.tsx': "import { hook } from '@parley/react'\nhook\n",
}

/** Rule → [the file that breaks it, its text]. */
const violations: Record<string, [path: string, text: string]> = {
  'packages-protocol-imports': ['packages/protocol/src/a.ts', "import '@parley/kernel'\n"],
  'packages-kernel-imports': ['packages/kernel/src/a.ts', "import '@parley/modules'\n"],
  'packages-modules-imports': [
    'packages/modules/src/chat/a.ts',
    "import type { socket } from '@parley/adapters/transport/websocket'\nexport type A = typeof socket\n",
  ],
  'packages-modules-test-imports': ['packages/modules/src/chat/a.test.ts', "import '@parley/client'\n"],
  'packages-adapters-imports': ['packages/adapters/src/broker/a.ts', "import '@parley/modules'\n"],
  'packages-gateway-imports': ['packages/gateway/src/a.ts', "import '@parley/modules'\n"],
  'packages-client-imports': ['packages/client/src/a.ts', "import '@parley/kernel'\n"],
  'packages-look-imports': ['packages/look/src/a.ts', "import '@parley/react'\n"],
  'packages-react-imports': ['packages/react/src/a.ts', "import '@parley/protocol'\n"],
  'packages-socket-io-imports': ['packages/socket-io/src/a.ts', "import '@parley/client'\n"],
  'apps-server-imports': ['apps/server/src/a.ts', "import '@parley/react'\n"],
  'apps-docs-imports': ['apps/docs/src/a.ts', "import '@parley/modules'\n"],
  'apps-workspace-imports': ['apps/workspace/src/a.ts', "import '@parley/modules/contracts'\n"],
  'apps-console-imports': ['apps/console/src/a.ts', "import '@parley/kernel'\n"],
  'apps-loadtest-imports': ['apps/loadtest/src/a.ts', "import '@parley/kernel'\n"],
  'vendor-without-a-home': ['packages/modules/src/chat/b.ts', "import 'lodash'\n"],
  'packages-by-front-door': ['packages/kernel/src/b.ts', "import '../../protocol/src/frame.ts'\n"],
  'no-input-or-output': ['packages/kernel/src/c.ts', "import { readFile } from 'node:fs'\nreadFile\n"],
  'modules-by-contract': ['packages/modules/src/audit/a.ts', "import '../chat/index.ts'\n"],
  'contracts-are-isomorphic': ['packages/modules/src/forms/contract.ts', "import '@parley/kernel'\n"],
  'client-imports-types': ['packages/client/src/b.ts', "import '@parley/modules/contracts'\n"],
  'client-sees-contracts': [
    'packages/client/src/c.ts',
    "import type { chat } from '@parley/modules'\nexport type C = typeof chat\n",
  ],
  'adapters-stay-apart': ['packages/adapters/src/transport/polling.ts', "import './websocket/part.ts'\n"],
  'sockets-are-for-transports': [
    'packages/adapters/src/broker/redis.ts',
    "import '../transport/websocket/handshake.ts'\n",
  ],
  'adapters-by-front-door': [
    'apps/server/src/b.ts',
    "import { part } from '@parley/adapters/transport/websocket/part'\npart\n",
  ],
  'ports-stand-alone': ['packages/kernel/src/ports/broker.ts', "import '../node.ts'\n"],
  'testing-is-for-tests': ['packages/modules/src/chat/d.ts', "import '@parley/kernel/testing'\n"],
  'tests-are-leaves': ['packages/client/src/d.ts', "import './client.test.ts'\n"],
  'runners-are-for-tests': ['packages/kernel/src/testing/a.ts', "import 'vitest'\n"],
  'no-cycles': ['packages/kernel/src/d.ts', "import './e.ts'\n"],
  'no-orphans': ['packages/kernel/src/f.ts', 'export const lonely = 1\n'],
  resolvable: ['packages/kernel/src/g.ts', "import './nowhere.ts'\n"],
  declared: ['packages/client/src/e.ts', "import 'ws'\n"],
  ...vendorViolations(),
}

const others = { 'packages/kernel/src/e.ts': "import './d.ts'\n" }
const libraries = ['zod', 'ws', 'react', 'vitest', 'lodash', ...vendorRules().map(([library]) => library)]

function vendorRules() {
  return forbidden
    .filter(({ name }) => name.endsWith('-has-one-home'))
    .map(({ name, comment }) => [comment.split(' ')[0]?.replace('.+', 'x') ?? '', name] as const)
}

/** A library of each row of the table, imported where it has no home. */
function vendorViolations() {
  return Object.fromEntries(
    vendorRules().map(([library, rule], index) => [
      rule,
      [`packages/protocol/src/vendor-${index}.ts`, `import '${library}'\n`] as [string, string],
    ]),
  )
}

describe('a tree that follows the rules', () => {
  test('passes, and every file of it was read', async () => {
    const tree = plantTree(lawful, libraries)
    const { code, output } = await runCheck('check-boundaries.mjs', tree.folder)
    tree.remove()
    expect(output).toMatch(
      new RegExp(`^${Object.keys(lawful).length} sources, \\d+ imports, .* 0 violations`),
    )
    expect(code).toBe(0)
  })
})

describe('a planted violation is reported', () => {
  let output = ''
  let code = 0
  beforeAll(async () => {
    const planted = Object.fromEntries(Object.values(violations))
    const tree = plantTree({ ...lawful, ...others, ...planted }, libraries)
    ;({ code, output } = await runCheck('check-boundaries.mjs', tree.folder))
    tree.remove()
  })

  test('the check fails', () => expect(code).toBe(1))

  test.each(forbidden.map(({ name }) => name))('%s', (name) => {
    const [path] = violations[name] ?? []
    expect(path, 'a rule without a planted violation').toBeDefined()
    expect(reports(output)).toContainEqual([path, name])
  })

  function reports(text: string) {
    return [...text.matchAll(/^(\S+)(?: → .*)?\n {2}([\w-]+): /gm)].map(([, from, rule]) => [from, rule])
  }
})

test('a parser that reads nothing is noticed', async () => {
  const tree = plantTree({ 'packages/kernel/src/odd.ts': "import { node from './node.ts'\n" })
  const { code, output } = await runCheck('check-boundaries.mjs', tree.folder)
  tree.remove()
  expect(code).not.toBe(0)
  expect(output).toMatch(/odd\.ts/)
})
