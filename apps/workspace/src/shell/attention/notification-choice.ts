import type { Kept } from '@parley/look'

const key = 'parley.notifications'

/** What stands between the reader and notifications. */
export type NotificationState = 'unsupported' | 'refused' | 'off' | 'on'

export function notificationState(device: Kept): NotificationState {
  if (!('Notification' in window)) return 'unsupported'
  if (Notification.permission === 'denied') return 'refused'
  return areNotificationsOn(device) ? 'on' : 'off'
}

export function areNotificationsOn(device: Kept): boolean {
  return 'Notification' in window && Notification.permission === 'granted' && device.read(key) === true
}

/** Switches them on, asking the browser for leave; to be called on a click. */
export async function switchNotifications(device: Kept, isOn: boolean): Promise<NotificationState> {
  device.write(key, isOn)
  if (isOn && 'Notification' in window && Notification.permission === 'default')
    await Notification.requestPermission()
  return notificationState(device)
}
