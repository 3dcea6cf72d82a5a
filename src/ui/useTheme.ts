import { useEffect } from 'react'
import { useUi } from '../store/ui.ts'
import { useMedia } from './useMedia.ts'

/** One attribute for both ways to a theme, so that the style sheet says each colour once. */
export function useTheme(): void {
  const chosen = useUi((state) => state.theme)
  const systemDark = useMedia('(prefers-color-scheme: dark)')
  const theme = chosen === 'system' ? (systemDark ? 'dark' : 'light') : chosen
  useEffect(() => {
    document.documentElement.dataset.theme = theme
  }, [theme])
}
