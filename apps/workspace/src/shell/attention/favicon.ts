const arcs = ['M7.25 30V14A9.75 9.75 0 0 1 24.3 7.5', 'M26.1 10.6A9.75 9.75 0 0 1 17 23.75H11.6']
const plain = '/favicon.svg'

/** What the icon of the tab says: nothing, that something waits, or that it waits for this reader alone. */
export type Badge = 'none' | 'some' | 'personal'

/** Puts a badge on the icon of the tab. */
export function showBadge(badge: Badge): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  if (link === null) return
  const drawn = badge === 'none' ? undefined : draw(badge)
  link.type = drawn === undefined ? 'image/svg+xml' : 'image/png'
  link.href = drawn ?? plain
}

function draw(badge: Exclude<Badge, 'none'>): string | undefined {
  const canvas = document.createElement('canvas')
  canvas.width = 64
  canvas.height = 64
  const context = canvas.getContext('2d')
  if (context === null) return undefined
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches
  context.scale(2, 2)
  context.strokeStyle = isDark ? '#4FC3B5' : '#0B6660'
  context.lineWidth = 4.5
  for (const arc of arcs) context.stroke(new Path2D(arc))
  context.beginPath()
  context.arc(24, 24, badge === 'personal' ? 8 : 6, 0, 2 * Math.PI)
  context.fillStyle = badge === 'personal' ? '#B3261E' : '#65615A'
  context.fill()
  context.lineWidth = 2
  context.strokeStyle = '#FFFFFF'
  context.stroke()
  return canvas.toDataURL('image/png')
}
