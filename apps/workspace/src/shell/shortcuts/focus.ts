const regions = ['rail', 'list', 'content', 'panel']

const focusable =
  'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), [tabindex="0"]'

/** Puts the focus into the next part of the page that is in sight. */
export function focusRegion(by: 1 | -1): void {
  const shown = regions
    .map((name) => inSight(`[data-region="${name}"]`))
    .filter((element) => element !== undefined)
  const at = shown.findLastIndex((element) => element.contains(document.activeElement))
  const next = shown[(at + by + shown.length) % Math.max(1, shown.length)]
  const target = next?.querySelector<HTMLElement>('[aria-current="page"], textarea') ?? undefined
  const first = [...(next?.querySelectorAll<HTMLElement>(focusable) ?? [])].find(isInSight)
  if (target !== undefined && isInSight(target)) target.focus()
  else first?.focus()
}

/** Puts the focus where a message is written. */
export function focusComposer(): void {
  inSight('[data-region="content"] textarea')?.focus()
}

export function focusFilter(): void {
  inSight('[data-region="list"] input')?.focus()
}

function inSight(selector: string): HTMLElement | undefined {
  return [...document.querySelectorAll<HTMLElement>(selector)].find(isInSight)
}

function isInSight(element: HTMLElement): boolean {
  return element.checkVisibility()
}
