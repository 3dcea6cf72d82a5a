import { useMemo } from 'react'
import { datasetChoices, isDrawn, isOwn } from '../../store/catalog.ts'
import { useData } from '../../store/data.ts'
import { useDraft } from '../../store/draft.ts'
import type { ConfigField } from '../controls/fields.ts'

/** The Data control lists the visitor's own sets beside the procedural ones, and one that a link names though it is not here. */
export function useDatasets(field: ConfigField): ConfigField {
  const sets = useData((state) => state.sets)
  const chosen = useDraft(({ config }) => config.data.dataset)
  return useMemo(() => {
    if (field.kind !== 'choice' || field.section !== 'data' || field.field !== 'dataset') return field
    const own = (sets ?? []).map(({ id, label }) => ({ value: id, label: `${label} (yours)` }))
    const missing = isOwn(chosen) && !own.some(({ value }) => value === chosen) ? [{ value: chosen, label: `${chosen} (not here)` }] : []
    const drawn = isDrawn(chosen) ? [{ value: chosen, label: 'Your drawing' }] : []
    return { ...field, choices: [...datasetChoices, ...own, ...missing, ...drawn] }
  }, [field, sets, chosen])
}
