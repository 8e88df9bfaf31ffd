// Before the first paint. The choice is shared with the workspace, which is served from the same origin.
{
  let chosen
  try {
    chosen = localStorage.getItem('parley.color-scheme')
  } catch {
    // Storage is switched off: the system decides.
  }
  const isDark =
    chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.scheme = isDark ? 'dark' : 'light'
}
