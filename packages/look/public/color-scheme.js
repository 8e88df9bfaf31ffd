// Before the first paint, so that nobody who works in the dark sees a white flash. A file and not an inline script: the
// content security policy allows files only. Key and attribute are those of theme/theme-provider.tsx.
{
  const root = document.documentElement
  let chosen
  try {
    chosen = localStorage.getItem('parley.color-scheme')
  } catch {
    // Storage is switched off: the system decides.
  }
  const isDark =
    chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  root.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light')
}
