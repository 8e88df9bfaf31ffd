import { useMantineColorScheme } from '@mantine/core'
import { Choice } from './choice.tsx'

const schemes = [
  { value: 'auto', label: 'System', icon: 'system' },
  { value: 'light', label: 'Light', icon: 'light' },
  { value: 'dark', label: 'Dark', icon: 'dark' },
] as const

/** Light, dark, or as the system says. */
export function SchemeChoice() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return <Choice label="Appearance" options={schemes} value={colorScheme} onChange={setColorScheme} />
}
