/** A page of the site before it is rendered. */
export interface Page {
  /** Where it is served: begins and ends with `/`. */
  readonly url: string
  /** Name of the file, relative to the root of the repository; of a page that is generated, a name for messages. */
  readonly source: string
  readonly title: string
  readonly section: SectionName
  /** Markdown, with the title as its first heading. */
  readonly text: string
  /** Words for the navigation where the title is too long; default: the title. */
  readonly label?: string
  /** False keeps it out of the navigation; it is still found by search and links. */
  readonly isListed?: boolean
}

/** Sections in the order of the navigation. */
export const sectionNames = ['Start', 'Concepts', 'Guides', 'Operate', 'Reference', 'Project'] as const

export type SectionName = (typeof sectionNames)[number]

/** Where the site is mounted. */
export const root = '/docs/'

/** The text of the first heading of a page. */
export function titleOf(text: string, fallback: string): string {
  return /^#\s+(.+)$/m.exec(text)?.[1]?.trim() ?? fallback
}
