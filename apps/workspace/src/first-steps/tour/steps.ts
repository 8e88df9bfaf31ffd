export interface Step {
  /** The `data-tour` of what is shown. */
  readonly target: string
  readonly title: string
  readonly text: string
}

/** The tour: what a newcomer cannot guess, and no more. */
export const steps: readonly Step[] = [
  {
    target: 'list',
    title: 'Everything you are in',
    text: 'Rooms, groups and people, newest first. A number waits for you; an @ was written to you.',
  },
  {
    target: 'new',
    title: 'Begin here',
    text: 'Make a room for all, a group for some, or write to one person.',
  },
  {
    target: 'rail',
    title: 'What concerns you',
    text: 'Mentions, threads, drafts and scheduled messages, from all conversations together.',
  },
  {
    target: 'account',
    title: 'How you appear',
    text: 'Set a status, decide who sees whether you are here, choose light or dark.',
  },
  {
    target: 'content',
    title: 'Your hands stay on the keys',
    text: 'Ctrl K (⌘ K) goes anywhere. Press ? for all keys. Fill in some sample data to try things out; it is removed as easily.',
  },
]
