/** The words of the components, for other languages and other wording. */
export const englishTexts = {
  messages: 'Messages',
  replies: 'Replies',
  today: 'Today',
  yesterday: 'Yesterday',
  newMessages: 'New messages',
  newest: 'Newest',
  missed: (count: number) => (count === 1 ? '1 new message' : `${count} new messages`),
  unreadAbove: (count: number) => (count === 1 ? '1 unread message above' : `${count} unread messages above`),
  loading: 'Messages are loading',
  loadingOlder: 'Older messages are on their way.',
  beginning: 'This is the beginning.',
  empty: 'Nothing has been said here yet. Write the first message.',
  notLoaded: 'Messages could not be read.',
  tryAgain: 'Try again',
  discard: 'Discard',
  dismiss: 'Dismiss',
  notSent: 'Not sent.',
  notChanged: 'Not changed.',
  sending: 'Sending',
  stored: 'Stored',
  seen: 'Seen',
  edited: 'edited',
  pinned: 'Pinned',
  deleted: 'This message was deleted.',
  react: 'React with',
  reply: 'Reply',
  openThread: 'Reply in thread',
  edit: 'Edit',
  remove: 'Delete',
  removeForAll: 'Delete for everybody',
  removeForMe: 'Only for me',
  keep: 'Keep',
  replyCount: (count: number) => (count === 1 ? '1 reply' : `${count} replies`),
  reactionLabel: (emoji: string, count: number, names: string) => `${emoji} ${count}: ${names}`,
  said: (name: string, text: string) => `${name}: ${text}`,
  file: (name: string) => `File ${name}`,
  messageTo: 'Message',
  writeMessage: 'Write a message',
  send: 'Send',
  save: 'Save',
  cancel: 'Cancel',
  addFiles: 'Add files',
  dropFiles: 'Drop files to add them',
  removeFile: (name: string) => `Remove ${name}`,
  uploading: (name: string, percent: number) => `${name}: ${percent} %`,
  notUploaded: (name: string) => `${name} was not uploaded.`,
  tooManyFiles: (max: number) => `A message has at most ${max} files.`,
  waitForFiles: 'The message can be sent when the files are uploaded.',
  tooLong: (excess: number) => `${excess} characters too long. Split the message.`,
  replyingTo: (name: string) => `Replying to ${name}`,
  editing: 'Editing a message',
  suggestions: (count: number) => (count === 1 ? '1 suggestion' : `${count} suggestions`),
  everybodyHere: 'Everybody who is here now',
  everybodyInRoom: 'Everybody in the room',
  thread: 'Thread',
  close: 'Close',
  typing: (names: readonly string[], count: number) => {
    const [one = '', two = ''] = names
    if (count === 1) return names.length === 1 ? `${one} is writing` : 'Somebody is writing'
    if (count === 2 && names.length === 2) return `${one} and ${two} are writing`
    return `${count} people are writing`
  },
  uploadingNow: (name: string) => `${name} is adding a file`,
  recordingNow: (name: string) => `${name} is recording`,
  presence: (names: string, more: number) => (more === 0 ? names : `${names} and ${more} more`),
  nobody: 'Nobody is here',
  availability: { online: 'Online', away: 'Away', busy: 'Do not disturb', offline: 'Offline' },
  connected: 'Connected',
  connecting: 'Connecting. What you write is sent when the connection is back.',
  offline: 'No network. What you write is sent when the connection is back.',
  disconnected: 'Not connected.',
  unread: (count: string, mentions: number) =>
    mentions === 0 ? `${count} unread` : `${count} unread, ${mentions} for you`,
} as const

/** See {@link englishTexts}. */
export type Texts = { readonly [Name in keyof typeof englishTexts]: Widened<(typeof englishTexts)[Name]> }
type Widened<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: string }
