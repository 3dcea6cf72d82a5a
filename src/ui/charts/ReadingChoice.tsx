import type { Reading } from '../../panel.ts'
import { setReading } from '../../store/ui.ts'
import { Choice } from '../Choice.tsx'

const readings: { value: Reading; label: string; words: string }[] = [{ value: 'velocity', label: 'v', words: 'answers as velocities' }, { value: 'denoiser', label: 'x̂₀', words: 'answers as images' }]

/** On every picture that can show either; all follow. */
export function ReadingChoice({ value }: { value: Reading }) {
  return <Choice label="Answers as" choices={readings} value={value} onChange={(next: Reading) => setReading(next)} />
}
