import { Toggle } from '@base-ui/react/toggle'
import { ToggleGroup } from '@base-ui/react/toggle-group'

interface Props<Value extends string> {
  label: string
  /** `words` say what a short label means. */
  choices: readonly { value: Value; label: string; words?: string }[]
  value: Value
  onChange(value: Value): void
}

/** A few exclusive choices side by side; one is always pressed. */
export function Choice<Value extends string>({ label, choices, value, onChange }: Props<Value>) {
  return (
    <ToggleGroup className="choice" aria-label={label} value={[value]} onValueChange={([next]) => next && onChange(next as Value)}>
      {choices.map((choice) => <Toggle key={choice.value} value={choice.value} title={choice.words} aria-label={choice.words && `${choice.label}, ${choice.words}`}>{choice.label}</Toggle>)}
    </ToggleGroup>
  )
}
