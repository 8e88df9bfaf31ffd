import { useId } from 'react'
import styles from './choice.module.css'
import { Icon, type IconName } from './icon.tsx'

interface ChoiceProps<Value extends string> {
  readonly label: string
  readonly options: readonly { readonly value: Value; readonly label: string; readonly icon?: IconName }[]
  readonly value: Value
  readonly onChange: (value: Value) => void
  readonly isLabelHidden?: boolean
}

/** One of a few, side by side. */
export function Choice<Value extends string>(props: ChoiceProps<Value>) {
  const { label, options, value, onChange, isLabelHidden = false } = props
  const name = useId()
  return (
    <fieldset className={styles.choice}>
      <legend className={styles.legend} data-hidden={isLabelHidden}>
        {label}
      </legend>
      <div className={styles.options}>
        {options.map((option) => (
          <label key={option.value} className={styles.option}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            {option.icon && <Icon name={option.icon} size={18} />}
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
