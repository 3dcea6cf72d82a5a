import { useShallow } from 'zustand/react/shallow'
import { changeField, flush, knobKey } from '../../store/actions.ts'
import { ignoredBecause } from '../../store/catalog.ts'
import { chooseData } from '../../store/data.ts'
import { useDraft } from '../../store/draft.ts'
import { useHidden, useLocked } from '../../store/teach.ts'
import { useDatasets } from '../data/useDatasets.ts'
import { FieldRow } from './FieldRow.tsx'
import { type ConfigField, narrowed } from './fields.ts'

/** One field of the config. */
export function FieldControl({ field: whole }: { field: ConfigField }) {
  const { section, field: name, live } = whole
  const field = useDatasets(useDraft(useShallow(({ config }) => (whole.kind === 'number' ? narrowed(whole, config) : whole))))
  const value = useDraft(({ config }) => (config[section] as Record<string, unknown>)[name]) as number | string | boolean
  const hidden = useHidden(`${section}.${name}`)
  const locked = useLocked(`${section}.${name}`)
  const ignored = useDraft(({ config }) => (section === 'objective' ? ignoredBecause(name, config) : null))
  if (hidden) return null
  return (
    <FieldRow
      field={field}
      address={`${section}.${name}`}
      value={value}
      change={(next) => (section === 'data' && name === 'dataset' ? chooseData(String(next)) : changeField(section, name, next, live))}
      commit={() => flush(knobKey(section, name))}
      ignored={locked ? 'Fixed by the link that you came by.' : ignored}
      fixed={locked}
    />
  )
}
