const day = 24 * 60 * 60 * 1000
const megabyte = 1024 * 1024

/** Every limit of files with its default; units are in the names. */
export const fileLimitDefaults = {
  maxFileBytes: 100 * megabyte,
  /** Of the files of one user, uploads under way included; 0: no limit. */
  userQuotaBytes: 1024 * megabyte,
  /** Of all files of an app; 0: no limit. */
  appQuotaBytes: 100 * 1024 * megabyte,
  /** Media types that are taken: `image/png`, `image/*`, or everything. */
  accept: ['*/*'] as readonly string[],
  /** Media types that are not taken, whatever `accept` says: programs, which nobody should open out of a chat. */
  refuse: [
    'application/x-msdownload',
    'application/vnd.microsoft.portable-executable',
    'application/x-elf',
    'application/x-mach-binary',
    'application/x-msi',
    'application/x-ms-shortcut',
    'application/x.ms.shortcut',
  ] as readonly string[],
  /** How long a link is good for, at least. */
  linkTtlMs: 60 * 60 * 1000,
  /** An upload has to be finished after so long. */
  unfinishedTtlMs: day,
  /** A finished file has to be attached somewhere after so long. */
  unattachedTtlMs: day,
  /** No thumbnail is made of an image with more bytes. */
  maxImageBytes: 50 * megabyte,
  /** Images that wait for their thumbnails in memory; more wait in the store. */
  maxWaitingImages: 256,
  /** Largest part that may come with a checksum: it is held in memory until it is checked. */
  maxCheckedBytes: 8 * megabyte,
  /** Parts with a checksum that are held at once. */
  maxCheckedParts: 16,
}

/** Every limit of files. */
export type FileLimits = {
  readonly [Name in keyof typeof fileLimitDefaults]: (typeof fileLimitDefaults)[Name]
}
