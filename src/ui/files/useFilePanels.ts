import { useMemo } from 'react'
import type { Panel } from '../../panel.ts'
import { useFiles } from '../../store/files.ts'
import { panelsWithFiles } from './fileCurves.ts'

/** Panels of a diagnostic with the curves of networks from files; a panel that only files have stands at the end. */
export function useFilePanels(diagnostic: string, panels: Panel[]): Panel[] {
  const files = useFiles((state) => state.evaluations)
  return useMemo(() => panelsWithFiles(diagnostic, panels, files), [diagnostic, panels, files])
}
