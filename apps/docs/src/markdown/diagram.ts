import { renderMermaidSVG } from 'beautiful-mermaid'

/**
 * A Mermaid diagram as SVG that takes the colours of the page it stands in, light or dark.
 *
 * @throws Error when the text is no diagram
 */
export function diagram(text: string): string {
  // The names of the other colours are those of the page, and are inherited.
  const svg = renderMermaidSVG(text, {
    ...{ transparent: true, bg: 'var(--background)', fg: 'var(--text)', line: 'var(--border-control)' },
  })
  // The page brings its fonts; nothing is loaded from elsewhere.
  return svg
    .replace(/@import url\([^)]*\);?/g, '')
    .replace(/font-family: '[^']*'/g, "font-family: 'Inter Variable'")
}
