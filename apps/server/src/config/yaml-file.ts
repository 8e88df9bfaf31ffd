import { isMap, isSeq, LineCounter, type Node, parse, parseDocument } from 'yaml'
import type { Layer } from './layers.ts'
import type { Path } from './shape.ts'

/** A YAML or JSON value. @throws when the text is neither */
export function parseYaml(text: string): unknown {
  return parse(text, { maxAliasCount: 100 })
}

/** Settings from a YAML file; `name` is how mistakes call it. */
export function fileLayer(name: string, text: string): Layer {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const broken = document.errors.map((error) => ({
    problem: `the file is not valid YAML: ${error.message.split('\n')[0]?.replace(/ at line \d+.*$/, '')}`,
    source: `${name}:${lines.linePos(error.pos[0]).line}`,
  }))
  const values: unknown = broken.length > 0 ? {} : (document.toJS({ maxAliasCount: 100 }) ?? {})
  const isMapping = typeof values === 'object' && !Array.isArray(values)
  return {
    values: isMapping ? (values as Layer['values']) : {},
    mistakes: isMapping ? broken : [{ problem: 'the file is not a mapping of settings', source: name }],
    sourceOf: (path) => {
      const at = startOf(document.contents, path)
      return at === undefined ? name : `${name}:${lines.linePos(at).line}`
    },
  }
}

// The place where the key of a path begins, or the nearest one above it.
function startOf(contents: Node | null, path: Path): number | undefined {
  let node: unknown = contents
  let start: number | undefined
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => String((item.key as { value?: unknown } | null)?.value) === String(step),
      )
      if (pair === undefined) return start
      start = (pair.key as Node).range?.[0] ?? start
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      start = (node as Node | undefined)?.range?.[0] ?? start
    } else return start
  }
  return start
}
