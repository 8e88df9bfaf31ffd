import type { IconName } from '@parley/look'

/** Something that can be chosen in the palette. */
export interface PaletteItem {
  readonly id: string
  readonly group: 'Conversations' | 'People' | 'Actions' | 'Messages'
  readonly label: string
  /** Further words by which it is found, and a word beside the label. */
  readonly hint?: string | undefined
  readonly icon?: IconName
  /** Shown with the portrait of this user instead of an icon. */
  readonly user?: string
  readonly run: () => void
}

const mostOfGroup = 6

/** The items that have all the words; those first that begin with them. */
export function itemsLike(items: readonly PaletteItem[], typed: string): readonly PaletteItem[] {
  const lower = typed.trim().toLowerCase()
  const words = lower.split(/\s+/).filter((word) => word !== '')
  const counts = new Map<string, number>()
  return items
    .map((item) => ({ item, rank: rankOf(item, lower, words) }))
    .filter(({ rank }) => rank < none)
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
    .filter(({ group }) => {
      const count = counts.get(group) ?? 0
      counts.set(group, count + 1)
      return count < mostOfGroup
    })
}

const none = 3

/** 0: begins so; 1: a word of it does; 2: has it somewhere. */
function rankOf({ label, hint = '' }: PaletteItem, lower: string, words: readonly string[]): number {
  const text = `${label} ${hint}`.toLowerCase()
  if (!words.every((word) => text.includes(word))) return none
  if (text.startsWith(lower)) return 0
  return words.every((word) => text.split(/[\s\-_.:]+/).some((part) => part.startsWith(word))) ? 1 : 2
}

/** The items in their groups, each group once, in the order of its first item. */
export function grouped(
  items: readonly PaletteItem[],
): readonly (readonly [group: PaletteItem['group'], items: readonly PaletteItem[]])[] {
  const groups = new Map<PaletteItem['group'], PaletteItem[]>()
  for (const item of items) groups.set(item.group, [...(groups.get(item.group) ?? []), item])
  return [...groups]
}
