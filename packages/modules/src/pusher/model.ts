import { z } from 'zod'

/** What a webhook may tell. */
export const webhookEventNames = [
  'channel_occupied',
  'channel_vacated',
  'member_added',
  'member_removed',
  'client_event',
  'cache_miss',
] as const

export type WebhookEventName = (typeof webhookEventNames)[number]

/** An event as it stands in the body of a webhook. */
export interface WebhookEvent {
  readonly name: WebhookEventName
  readonly channel: string
  readonly [field: string]: unknown
}

/** Where an app wants to be told. */
export interface Webhook {
  readonly app: string
  readonly url: string
  /** Default: all. */
  readonly events?: readonly WebhookEventName[] | undefined
}

/** What the transport notices. Channels have the names that clients of Pusher use. */
export type Notice =
  | { readonly type: 'occupancy'; readonly channel: string; readonly isThere: boolean }
  | { readonly type: 'member'; readonly channel: string; readonly user: string; readonly isThere: boolean }
  | { readonly type: 'cache_miss'; readonly channel: string }
  | {
      readonly type: 'client_event'
      readonly channel: string
      readonly event: string
      readonly data: string
      readonly socket: string
      readonly user: string | undefined
    }

/** Who or what is somewhere: a channel that has clients, or a user in a channel. */
export interface Subject {
  readonly channel: string
  readonly user: string | undefined
}

/** Nodes on which a subject is, as a record keeps them. */
export const tally = z.array(z.string())

/** A webhook on its way, as a record keeps it until it has arrived. */
export const parcel = z.object({ app: z.string(), url: z.string(), body: z.string() })
export type Parcel = z.output<typeof parcel>
