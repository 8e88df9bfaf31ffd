import type { CSSProperties } from 'react'

const paper = 'light-dark(#ffffff, #1b1d20)'
const raised = 'light-dark(#f4f2ee, #23262a)'
const ink = 'light-dark(#1c1b19, #eceae6)'
const muted = 'light-dark(#65615a, #a9a59e)'
const accent = 'light-dark(#0b6660, #4fc3b5)'
const line = '1px solid light-dark(#e3dfd8, #32363b)'
const mono = 'ui-monospace, "SF Mono", Menlo, Consolas, monospace'
const plain: CSSProperties = {
  border: 'none',
  background: 'none',
  color: ink,
  font: 'inherit',
  cursor: 'pointer',
}
const floating: CSSProperties = {
  position: 'fixed',
  zIndex: 2_147_483_000,
  insetBlockEnd: 12,
  insetInlineEnd: 12,
  colorScheme: 'light dark',
  border: line,
  borderRadius: 10,
  background: paper,
  color: ink,
  font: '13px/1.45 system-ui, sans-serif',
  boxShadow: '0 2px 6px rgb(0 0 0 / 12%), 0 12px 32px rgb(0 0 0 / 18%)',
}
const tab: CSSProperties = { ...plain, padding: '10px 12px', borderBlockEnd: '2px solid transparent' }

/** The panel brings its looks along, so that it needs no stylesheet and no page can disfigure it much. */
export const styles = {
  open: { ...floating, padding: '8px 12px', cursor: 'pointer' },
  panel: { ...floating, inlineSize: 'min(560px, calc(100vw - 24px))', overflow: 'hidden' },
  tabs: { display: 'flex', borderBlockEnd: line, background: raised, paddingInlineEnd: 40 },
  tab,
  tabChosen: { ...tab, borderBlockEnd: `2px solid ${accent}`, color: accent, fontWeight: 600 },
  close: { ...plain, position: 'absolute', insetBlockStart: 0, insetInlineEnd: 0, padding: '10px 14px' },
  body: { blockSize: 280, maxBlockSize: '50vh', overflow: 'auto', padding: 12 },
  facts: { margin: 0 },
  fact: { display: 'flex', gap: 8, paddingBlockEnd: 2 },
  name: { inlineSize: 72, flex: 'none', color: muted },
  value: { margin: 0, overflowWrap: 'anywhere', fontFamily: mono, fontSize: 12 },
  table: { inlineSize: '100%', marginBlockStart: 12, borderCollapse: 'collapse' },
  caption: { textAlign: 'start', fontWeight: 600, paddingBlockEnd: 4 },
  head: { textAlign: 'start', fontWeight: 500, color: muted, paddingBlock: 2 },
  cell: { borderBlockStart: line, paddingBlock: 3, fontFamily: mono, fontSize: 12, overflowWrap: 'anywhere' },
  list: { margin: 0, padding: 0, listStyle: 'none', fontFamily: mono, fontSize: 12 },
  line: { borderBlockEnd: line, paddingBlock: 3, overflowWrap: 'anywhere' },
  action: { ...plain, border: line, borderRadius: 6, padding: '2px 8px', marginBlockEnd: 8 },
  quiet: { margin: 0, padding: 12, color: muted },
} satisfies Readonly<Record<string, CSSProperties>>
