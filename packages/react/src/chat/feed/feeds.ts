import type { Views } from '../../views/views.ts'
import { ChannelFeed } from './channel-feed.ts'
import { UserFeed } from './user-feed.ts'

/** The feed of a conversation that all views of it share. */
export function channelFeed(views: Views, channel: string): ChannelFeed {
  return views.get(`feed ${channel}`, ({ client }) => new ChannelFeed(client, channel))
}

/** What concerns the user in any conversation. */
export function inboxFeed(views: Views): UserFeed {
  return views.get('feed inbox', ({ client }) => new UserFeed(client, 'inbox'))
}

/** The user's drafts and scheduled messages. */
export function draftsFeed(views: Views): UserFeed {
  return views.get('feed drafts', ({ client }) => new UserFeed(client, 'drafts'))
}
