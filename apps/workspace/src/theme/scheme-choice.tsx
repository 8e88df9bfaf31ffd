import { useMantineColorScheme } from '@mantine/core'
import { useId } from 'react'
import { Icon } from './icon.tsx'
import styles from './scheme-choice.module.css'

const schemes = [
  { value: 'auto', label: 'System', icon: 'system' },
  { value: 'light', label: 'Light', icon: 'light' },
  { value: 'dark', label: 'Dark', icon: 'dark' },
] as const

/** Light, dark, or as the system says. */
export function SchemeChoice() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const name = useId()
  return (
    <fieldset className={styles.choice}>
      <legend className={styles.legend}>Appearance</legend>
      <div className={styles.options}>
        {schemes.map(({ value, label, icon }) => (
          <label key={value} className={styles.option}>
            <input
              type="radio"
              name={name}
              value={value}
              checked={colorScheme === value}
              onChange={() => setColorScheme(value)}
            />
            <Icon name={icon} size={18} />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
