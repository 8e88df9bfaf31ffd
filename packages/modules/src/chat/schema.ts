import type { Migration } from '@parley/kernel'

/**
 * The tables of chat. No column holds words of a message: they live in the events of the channel alone, from which they
 * can be erased; rows know the offsets. `conv` is the number of a conversation, `seq` the offset of a message's
 * `chat.sent` event, `thread` the seq of a thread's root, or 0 for the conversation itself.
 */
export const chatMigrations: readonly Migration[] = [
  {
    name: '1-conversations',
    sql: [
      `CREATE TABLE chat_conversations (
        conv INTEGER PRIMARY KEY,
        app TEXT NOT NULL,
        id TEXT NOT NULL,
        type TEXT NOT NULL,
        visibility TEXT NOT NULL,
        title TEXT NOT NULL,
        topic TEXT NOT NULL,
        created_by TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        locked INTEGER NOT NULL DEFAULT 0,
        archived INTEGER NOT NULL DEFAULT 0,
        receipts INTEGER NOT NULL DEFAULT 1,
        slow_seconds INTEGER NOT NULL DEFAULT 0,
        members INTEGER NOT NULL DEFAULT 0,
        direct_key TEXT
      )`,
      'CREATE UNIQUE INDEX chat_conversations_id ON chat_conversations (app, id)',
      `CREATE UNIQUE INDEX chat_conversations_direct ON chat_conversations (app, direct_key)
       WHERE direct_key IS NOT NULL`,
      `CREATE INDEX chat_conversations_public ON chat_conversations (app, title, conv)
       WHERE visibility = 'public' AND archived = 0`,
      `CREATE TABLE chat_members (
        conv INTEGER NOT NULL,
        user TEXT NOT NULL,
        app TEXT NOT NULL,
        role TEXT NOT NULL,
        joined_at INTEGER NOT NULL,
        joined_seq INTEGER NOT NULL,
        notify TEXT NOT NULL DEFAULT 'all',
        starred INTEGER NOT NULL DEFAULT 0,
        spoke_at INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (conv, user)
      ) WITHOUT ROWID`,
      'CREATE INDEX chat_members_user ON chat_members (app, user, conv)',
      // Users who were taken out and may not come back.
      'CREATE TABLE chat_bans (conv INTEGER NOT NULL, user TEXT NOT NULL, PRIMARY KEY (conv, user)) WITHOUT ROWID',
      `CREATE TABLE chat_invitations (
        app TEXT NOT NULL, user TEXT NOT NULL, conv INTEGER NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (app, user, conv)
      ) WITHOUT ROWID`,
      `CREATE TABLE chat_links (
        link TEXT PRIMARY KEY,
        conv INTEGER NOT NULL,
        digest TEXT NOT NULL UNIQUE,
        created_by TEXT NOT NULL,
        expires_at INTEGER,
        max_uses INTEGER,
        uses INTEGER NOT NULL DEFAULT 0
      ) WITHOUT ROWID`,
      'CREATE INDEX chat_links_conversation ON chat_links (conv)',
    ],
  },
  {
    name: '2-messages',
    sql: [
      // A stream is a conversation (thread 0) or one of its threads. `ordinal` numbers the messages of a stream without
      // gaps, so that what lies behind a marker is a difference of two numbers and not a count of rows.
      `CREATE TABLE chat_streams (
        conv INTEGER NOT NULL,
        thread INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        last_ordinal INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        live INTEGER NOT NULL,
        PRIMARY KEY (conv, thread)
      ) WITHOUT ROWID`,
      `CREATE TABLE chat_messages (
        conv INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        thread INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        id TEXT NOT NULL,
        author TEXT NOT NULL,
        at INTEGER NOT NULL,
        text_at INTEGER NOT NULL,
        edits INTEGER NOT NULL DEFAULT 0,
        edited_at INTEGER,
        deleted_at INTEGER,
        deleted_by TEXT,
        PRIMARY KEY (conv, seq)
      ) WITHOUT ROWID`,
      'CREATE UNIQUE INDEX chat_messages_id ON chat_messages (conv, author, id)',
      'CREATE INDEX chat_messages_stream ON chat_messages (conv, thread, seq, ordinal)',
      'CREATE INDEX chat_messages_author ON chat_messages (conv, thread, author, seq)',
      'CREATE INDEX chat_messages_deleted ON chat_messages (conv, thread, seq) WHERE deleted_at IS NOT NULL',
      // Offsets of the events that hold earlier texts of a message.
      `CREATE TABLE chat_edits (conv INTEGER NOT NULL, seq INTEGER NOT NULL, text_at INTEGER NOT NULL,
        PRIMARY KEY (conv, seq, text_at)) WITHOUT ROWID`,
      `CREATE TABLE chat_reactions (
        conv INTEGER NOT NULL, seq INTEGER NOT NULL, emoji TEXT NOT NULL, user TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (conv, seq, emoji, user)
      ) WITHOUT ROWID`,
      `CREATE TABLE chat_pins (conv INTEGER NOT NULL, seq INTEGER NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (conv, seq)) WITHOUT ROWID`,
      // Messages that a user deleted for themselves.
      `CREATE TABLE chat_hidden (user TEXT NOT NULL, conv INTEGER NOT NULL, thread INTEGER NOT NULL,
        seq INTEGER NOT NULL, PRIMARY KEY (conv, user, thread, seq)) WITHOUT ROWID`,
      // One row for each user mentioned; user '' for @room.
      `CREATE TABLE chat_mentions (
        conv INTEGER NOT NULL, user TEXT NOT NULL, thread INTEGER NOT NULL, seq INTEGER NOT NULL,
        app TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (conv, user, thread, seq)
      ) WITHOUT ROWID`,
      'CREATE INDEX chat_mentions_user ON chat_mentions (app, user, at, conv, seq)',
      'CREATE INDEX chat_mentions_message ON chat_mentions (conv, seq)',
    ],
  },
  {
    name: '3-reading',
    sql: [
      // `joined`: the `joined_seq` of the membership in which it was set. Who comes back begins anew.
      `CREATE TABLE chat_markers (
        conv INTEGER NOT NULL, thread INTEGER NOT NULL, user TEXT NOT NULL,
        seq INTEGER NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, joined INTEGER NOT NULL,
        PRIMARY KEY (conv, thread, user)
      ) WITHOUT ROWID`,
      `CREATE TABLE chat_followers (
        app TEXT NOT NULL, user TEXT NOT NULL, conv INTEGER NOT NULL, thread INTEGER NOT NULL,
        PRIMARY KEY (app, user, conv, thread)
      ) WITHOUT ROWID`,
      'CREATE INDEX chat_followers_thread ON chat_followers (conv, thread, user)',
      `CREATE TABLE chat_settings (app TEXT NOT NULL, user TEXT NOT NULL, receipts INTEGER NOT NULL,
        PRIMARY KEY (app, user)) WITHOUT ROWID`,
    ],
  },
  {
    name: '4-drafts',
    sql: [
      // `text_at`: offset in the channel `drafts:<user>`.
      `CREATE TABLE chat_drafts (
        app TEXT NOT NULL, user TEXT NOT NULL, conv INTEGER NOT NULL, thread INTEGER NOT NULL,
        text_at INTEGER NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (app, user, conv, thread)
      ) WITHOUT ROWID`,
      `CREATE TABLE chat_scheduled (
        app TEXT NOT NULL, user TEXT NOT NULL, id TEXT NOT NULL, conv INTEGER NOT NULL, thread INTEGER NOT NULL,
        due_at INTEGER NOT NULL, text_at INTEGER NOT NULL, problem TEXT,
        sending INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (app, user, id)
      ) WITHOUT ROWID`,
      'CREATE INDEX chat_scheduled_due ON chat_scheduled (due_at) WHERE problem IS NULL',
    ],
  },
  {
    name: '5-search',
    sql: [
      // The words themselves are in no table: `word` is a keyed digest, and what is found is compared with the text.
      // By conversation first: what is written together then stands together, on few pages.
      `CREATE TABLE chat_words (
        word INTEGER NOT NULL, conv INTEGER NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (conv, word, at, seq)
      ) WITHOUT ROWID`,
      'CREATE TABLE chat_secret (secret TEXT NOT NULL)',
    ],
  },
]
