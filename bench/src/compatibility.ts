import { pusherPlan } from './compatibility/pusher-plan.ts'
import { socketIoPlan } from './compatibility/socket-io-plan.ts'
import type { Sample } from './lines.ts'
import type { Benchmark, Turn } from './rounds.ts'
import type { Scale } from './scale.ts'
import { arrivals, crowd, rooms } from './scenarios.ts'
import { parleyPusher, parleySocketIo, socketIo, type Target } from './targets.ts'

function turns(
  run: (target: Target, scale: Scale) => Promise<Sample>,
  ours = parleySocketIo,
): readonly Turn[] {
  return [ours, socketIo].map((target) => ({
    ...{ server: target.name, missing: target.missing },
    run: (scale) => run(target, scale),
  }))
}

/** Clients of other servers on ours, beside the servers that they know. */
export const compatibility: Benchmark = {
  plan: [...socketIoPlan, ...pusherPlan],
  turns: {
    'socket-io-crowd': turns((target, scale) => crowd(target, scale, { flat: true })),
    'socket-io-rooms': turns(rooms),
    'socket-io-arrivals': turns(arrivals),
    'pusher-crowd': turns((target, scale) => crowd(target, scale, { flat: true }), parleyPusher),
    'pusher-arrivals': turns(arrivals, parleyPusher),
  },
}
