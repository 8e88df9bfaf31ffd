import type { Kept } from '@parley/look'

const key = 'parley.single-keys'

/** Whether single letters are shortcuts: speech input and shaky hands press them by accident. */
export function singleKeysOn(device: Kept): boolean {
  return device.read(key) !== false
}

export function switchSingleKeys(device: Kept, isOn: boolean): void {
  device.write(key, isOn)
}
