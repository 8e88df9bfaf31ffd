import { createTheme, type VariantColorsResolver } from '@mantine/core'

const variantColors: VariantColorsResolver = ({ variant, color }) => {
  const isDanger = color === 'danger'
  const ink = isDanger ? 'var(--danger)' : 'var(--accent)'
  switch (variant) {
    case 'filled':
      return {
        background: ink,
        hover: isDanger ? ink : 'var(--accent-hover)',
        color: isDanger ? 'var(--background)' : 'var(--on-accent)',
        border: '1px solid transparent',
      }
    case 'subtle':
      return {
        background: 'transparent',
        hover: 'var(--raised)',
        color: color === 'quiet' ? 'var(--muted)' : ink,
        hoverColor: color === 'quiet' ? 'var(--text)' : ink,
        border: '1px solid transparent',
      }
    default:
      return {
        background: 'var(--surface)',
        hover: 'var(--raised)',
        color: isDanger ? ink : 'var(--text)',
        border: '1px solid var(--border)',
      }
  }
}

/** Mantine's components in our identity. Values are tokens of tokens.css, so that one place decides. */
export const theme = createTheme({
  variantColorResolver: variantColors,
  respectReducedMotion: true,
  cursorType: 'pointer',
  defaultRadius: 'var(--radius-control)',
  components: {
    Modal: {
      defaultProps: {
        centered: true,
        radius: 'var(--radius-panel)',
        // The page behind does not scroll anyway, and the lock would write a style element.
        lockScroll: false,
        transitionProps: { transition: 'pop', duration: 150 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
  },
})
